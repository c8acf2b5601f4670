/**
 * What does gossip cost, and how long does it take, in the set-ups of Gossip Glomers 3d and 3e?
 *
 * 25 nodes with the settings of `quorate maelstrom node broadcast`, 100 ms a link, 100 operations a second of which
 * half are broadcasts; in virtual time, so the same on every machine. Messages before and after the load count.
 * Run: `npx tsx bench/gossip.ts`.
 */

import type { GossipSettings } from "../src/maelstrom/gossip/settings.ts";
import { type Circumstances, measureCosts } from "../test/support/gossip-costs.ts";

const traffic = { tuning: "traffic" } as const;

function print(label: string, settings: GossipSettings, circumstances: Circumstances = {}): void {
  const { messagesPerOperation, medianMs, maxMs, isComplete } = measureCosts(settings, circumstances);
  const figures = `${messagesPerOperation.toFixed(2).padStart(6)} messages/op   p50 ${medianMs} ms   max ${maxMs} ms`;
  console.log(`${label.padEnd(52)}${figures}${isComplete ? "" : "   INCOMPLETE"}`);
}

print("straight to all (full, latency)", { topology: "full" });
print("own tree, latency", {});
print("3d: own tree, traffic", traffic);
print("3d, messages up to 20 ms late", traffic, { jitterMs: 20 });
print("3d, messages up to 50 ms late", traffic, { jitterMs: 50 });
print("3d, cut in half for 10 s", traffic, { isSplit: true });
print("3e: own tree, traffic, a window of 1400 ms", { ...traffic, windowMs: 1400 });
print("3e, messages up to 50 ms late", { ...traffic, windowMs: 1400 }, { jitterMs: 50 });
print("tree of four below each, traffic", { ...traffic, topology: "tree4" });
print("tree of two below each, traffic", { ...traffic, topology: "tree2" });
print("line, traffic", { ...traffic, topology: "line" });
