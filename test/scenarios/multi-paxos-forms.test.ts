import { expect, test } from "vitest";
import { newPaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";

const ordering: readonly string[] = ["proposal", "accept", "heartbeat", "clientUpdate"];

/** One update after the other, each proposed by `by`: messages that order them, and ms until `by` has each. */
function measure(
  acceptsTo: "leader" | "all",
  members: number,
  by: "leader" | "follower",
): { readonly messages: number; readonly ms: number } {
  const count = 50;
  const options = { acceptsTo, heartbeatTicks: 20, progressTicks: 100 };
  const cluster = newPaxosScenario({ members, seed: 3, options, world: { delayMs: [5, 5], diskMs: [2, 2] } });
  const leader = cluster.leader();
  const [follower = ""] = cluster.ids(leader);
  const proposer = by === "leader" ? leader : follower;
  cluster.run(500);
  let messages = 0;
  let ms = 0;
  cluster.onSend = (_from, _to, message) => {
    const isIdle = message.kind === "heartbeat" && message.round > 0;
    if (ordering.includes(message.kind) && !isIdle) messages++;
  };
  for (let at = 0; at < count; at++) {
    const start = cluster.now;
    cluster.propose(proposer, `x${at}`);
    while (!cluster.texts(proposer).includes(`x${at}`)) cluster.run(1);
    ms += cluster.now - start;
    cluster.run(100);
  }
  expect(cluster.applied().every((texts) => texts.length === count)).toBe(true);
  return { messages: Math.round(messages / count), ms: Math.round(ms / count) };
}

test.each([
  // two delays and a write; that it is ordered is told with the next tick
  ["leader", 3, "leader", 6, 12],
  ["all", 3, "leader", 8, 12],
  ["leader", 5, "leader", 12, 12],
  ["all", 5, "leader", 24, 12],
  // forwarded: four delays, for the leader must tell; in the paper's form three, and of three members two
  ["leader", 3, "follower", 7, 22],
  ["all", 3, "follower", 9, 12],
  ["leader", 5, "follower", 13, 22],
  ["all", 5, "follower", 25, 17],
] as const)("accepts to %s, %i members, an update of a %s: %i messages, %i ms", (to, members, by, messages, ms) => {
  const found = measure(to, members, by);

  expect(found).toEqual({ messages, ms });
});
