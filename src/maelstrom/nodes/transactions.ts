import { MaelstromNode } from "../node.ts";
import { Replica, type ReplicaOptions } from "../replica/replica.ts";
import { store } from "../replica/store.ts";

/** Strict serializable transactions on an agreed order: each is one command; one that only reads, a linearizable read. */
export async function serveTransactions(
  workload: "txn-list-append" | "txn-rw-register",
  options: ReplicaOptions,
): Promise<void> {
  const node = new MaelstromNode({ workload });
  const replica = Replica.of(node, store, options);
  node.on("txn", async ({ txn }) => {
    if (txn.every(([kind]) => kind === "r")) return { txn: await replica.read(txn) };
    const answer = await replica.execute({ kind: "txn", txn });
    return answer.kind === "done" ? answer : undefined;
  });
  await replica.run();
}
