import { GossipMember } from "../gossip/member.ts";
import type { GossipSettings } from "../gossip/settings.ts";
import { MaelstromNode } from "../node.ts";

/** A set that grows: what is added on any node arrives on every node. */
export async function serveGSet(settings: GossipSettings): Promise<void> {
  const node = new MaelstromNode({ workload: "g-set" });
  const elements = new Map<string, unknown>(); // by their JSON: an element added twice is in it once
  const member = new GossipMember(node, settings, (element) => elements.set(JSON.stringify(element), element));
  node.on("add", async ({ element }) => {
    await member.submit(element);
    return {};
  });
  node.on("read", () => ({ value: [...elements.values()] }));
  await member.run();
}
