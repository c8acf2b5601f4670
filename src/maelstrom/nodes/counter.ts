import { GossipMember } from "../gossip/member.ts";
import type { GossipSettings } from "../gossip/settings.ts";
import { MaelstromNode } from "../node.ts";

/** A counter: each addition arrives on every node once, so that sums need nothing more. */
export async function serveCounter(workload: "g-counter" | "pn-counter", settings: GossipSettings): Promise<void> {
  const node = new MaelstromNode({ workload });
  let value = 0;
  const member = new GossipMember(node, settings, (delta) => {
    value += Number(delta);
  });
  node.on("add", async ({ delta }) => {
    if (delta !== 0) await member.submit(delta);
    return {};
  });
  node.on("read", () => ({ value }));
  await member.run();
}
