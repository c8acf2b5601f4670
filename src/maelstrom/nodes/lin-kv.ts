import { MaelstromError } from "../errors.ts";
import { MaelstromNode } from "../node.ts";
import { Replica, type ReplicaOptions } from "../replica/replica.ts";
import { store } from "../replica/store.ts";

/** Linearizable registers on a replicated log: any node takes any request, and the leader orders it. */
export async function serveLinKv(options: ReplicaOptions): Promise<void> {
  const node = new MaelstromNode({ workload: "lin-kv" });
  const replica = Replica.of(node, store, options);
  node.on("read", async ({ key }) => {
    const [[, , value] = []] = await replica.read([["r", key, null]]);
    if (value === null) throw new MaelstromError("key-does-not-exist", `there is no key ${JSON.stringify(key)}`);
    return { value };
  });
  node.on("write", async ({ key, value }) => {
    await replica.execute({ kind: "txn", txn: [["w", key, value]] });
    return {};
  });
  node.on("cas", async ({ key, from, to }) => {
    const answer = await replica.execute({ kind: "cas", key, from, to });
    switch (answer.kind) {
      case "done":
        return {};
      case "missing":
        throw new MaelstromError("key-does-not-exist", `there is no key ${JSON.stringify(key)}`);
      case "different":
        throw new MaelstromError("precondition-failed", `the value is ${JSON.stringify(answer.found)}`);
    }
  });
  await replica.run();
}
