import { randomUUID } from "node:crypto";
import { GossipMember } from "../gossip/member.ts";
import { Registers, type Writes } from "../gossip/registers.ts";
import type { GossipSettings } from "../gossip/settings.ts";
import { MaelstromNode } from "../node.ts";

/**
 * Read committed transactions that need nobody else: each takes place here and now, and its writes arrive elsewhere
 * together. Which of two writes of a key stays is decided by Lamport's order, alike for all keys.
 */
export async function serveRegisters(settings: GossipSettings): Promise<void> {
  const node = new MaelstromNode({ workload: "txn-rw-register" });
  const registers = new Registers(randomUUID());
  const member = new GossipMember(node, settings, (writes) => registers.merge(writes as Writes));
  node.on("txn", async ({ txn }) => {
    const { txn: done, writes } = registers.carryOut(txn);
    if (writes.values.length > 0) await member.submit(writes);
    return { txn: done };
  });
  await member.run();
}
