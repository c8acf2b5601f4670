import { MaelstromNode } from "../node.ts";
import { queues } from "../replica/queues.ts";
import { Replica, type ReplicaOptions } from "../replica/replica.ts";

/**
 * Logs by key on a replicated log.
 *
 * Polls are answered from what this node has applied: a beginning of each log, which may lack what is newest.
 */
export async function serveKafka(options: ReplicaOptions): Promise<void> {
  const node = new MaelstromNode({ workload: "kafka" });
  const replica = Replica.of(node, queues, options);
  const here = { consistency: "stale" } as const;
  node.on("send", async ({ key, msg }) => ({ offset: await replica.execute({ kind: "send", key, msg }) }));
  node.on("poll", async ({ offsets }) => {
    const { msgs } = await replica.read({ kind: "poll", offsets }, here);
    return { msgs };
  });
  node.on("commit_offsets", async ({ offsets }) => {
    await replica.execute({ kind: "commit", offsets });
    return {};
  });
  node.on("list_committed_offsets", async ({ keys }) => {
    const { offsets } = await replica.read({ kind: "committed", keys }, here);
    return { offsets };
  });
  await replica.run();
}
