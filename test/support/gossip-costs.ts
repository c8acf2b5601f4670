import { newRandom, nextBelow } from "../../src/base/random.ts";
import { type GossipSettings, gossipOptions, tickMs } from "../../src/maelstrom/gossip/settings.ts";
import { GossipGroup } from "./gossip-group.ts";

/** What a group of nodes as `quorate maelstrom node` has them cost, as Maelstrom counts it. */
export interface Costs {
  /** Between nodes, from the first to the last, over all broadcasts and reads. */
  readonly messagesPerOperation: number;
  readonly medianMs: number;
  readonly maxMs: number;
  readonly isComplete: boolean;
}

/** What happens to the group besides its load. */
export interface Circumstances {
  /** How much longer than 100 ms some messages take, at most, in ms. */
  readonly jitterMs?: number;
  /** Cut in half for 10 s. */
  readonly isSplit?: boolean;
  readonly seed?: number;
}

const delayMs = 100;
const ticks = (ms: number): number => Math.round(ms / tickMs);

/**
 * 25 nodes, 100 ms a link, 100 operations a second half of them broadcasts, for 20 s, as in Gossip Glomers 3d and 3e.
 *
 * In virtual time. What they say before and after it counts.
 */
export function measureCosts(settings: GossipSettings, circumstances: Circumstances = {}): Costs {
  const { jitterMs = 0, isSplit = false, seed = 7 } = circumstances;
  const options = gossipOptions(settings);
  const delays = { delayTicks: ticks(delayMs), jitterTicks: ticks(jitterMs) };
  const group = new GossipGroup({ members: 25, ...delays, options, seed });
  const random = newRandom(seed);
  const submittedAt = new Map<string, number>();
  let operations = 0;
  const load = (ms: number): void => {
    for (let passedMs = 0; passedMs < ms; passedMs += tickMs) {
      if (nextBelow(random, 1000) < tickMs * 100) submit();
      group.run(1);
    }
  };
  const submit = (): void => {
    if (++operations % 2 === 0) return;
    const text = `x${operations}`;
    submittedAt.set(text, group.tick);
    group.submit(group.ids[nextBelow(random, group.ids.length)] ?? "", text);
  };
  group.run(ticks(1000));
  load(20_000);
  if (isSplit) {
    group.split(...group.ids.slice(0, 12));
    load(10_000);
    group.heal();
  }
  group.run(ticks(10_000));
  const lastAt = new Map<string, number>();
  for (const { text, at } of group.delivered) lastAt.set(text, Math.max(at, lastAt.get(text) ?? 0));
  const latencies = [...submittedAt].map(([text, at]) => ((lastAt.get(text) ?? 0) - at) * tickMs).sort((a, b) => a - b);
  return {
    messagesPerOperation: group.sent.length / operations,
    medianMs: latencies[latencies.length >> 1] ?? 0,
    maxMs: latencies.at(-1) ?? 0,
    isComplete: group.delivered.length === submittedAt.size * group.ids.length,
  };
}
