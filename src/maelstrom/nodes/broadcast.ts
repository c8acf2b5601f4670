import { GossipMember } from "../gossip/member.ts";
import type { GossipSettings } from "../gossip/settings.ts";
import { MaelstromNode } from "../node.ts";

/** What is broadcast on any node arrives on every node; a read shows what has arrived here. */
export async function serveBroadcast(settings: GossipSettings): Promise<void> {
  const node = new MaelstromNode({ workload: "broadcast" });
  const messages: unknown[] = [];
  const member = new GossipMember(node, settings, (message) => messages.push(message));
  node.on("broadcast", async ({ message }) => {
    await member.submit(message);
    return {};
  });
  node.on("read", () => ({ messages }));
  await member.run();
}
