import { MaelstromNode } from "../node.ts";
import { Replica, type ReplicaOptions } from "../replica/replica.ts";
import { store } from "../replica/store.ts";

/** Strict serializable transactions: each is one command of the log, and one that only reads is a linearizable read. */
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
