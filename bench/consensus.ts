/**
 * Raft and Multi-Paxos as protocols, in simulated time, so that every run prints the same: messages for a commit, time
 * to the answer, time without a leader after its death. The production cores; links take 1 to 3 ms, a write 1 or 2.
 *
 * `npx tsx bench/consensus.ts`
 */

import { distributionOf } from "../src/checker/operations/quantiles.ts";
import { newPaxosScenario } from "../src/simulator/multi-paxos/scenario.ts";
import { RaftScenario } from "../src/simulator/raft/scenario.ts";
import type { LogVocabulary } from "../src/simulator/replicated/replica.ts";
import type { LogScenario } from "../src/simulator/replicated/scenario/scenario.ts";
import { failoverMs } from "../test/conformance/replicated-log.ts";

type Group = LogScenario<LogVocabulary, unknown>;
interface Setup {
  readonly members: number;
  readonly seed: number;
}

const protocols: Readonly<Record<string, (setup: Setup) => Group>> = {
  raft: (setup) => new RaftScenario(setup) as unknown as Group,
  "multi-paxos": (setup) => newPaxosScenario(setup) as unknown as Group,
  "multi-paxos, accepts to all": (setup) =>
    newPaxosScenario({ ...setup, options: { acceptsTo: "all" } }) as unknown as Group,
};

const seeds = Array.from({ length: 50 }, (_, at) => at + 1);
const quietMs = 2000;

/** Messages of a group that is asked nothing, in a second. */
function idleMessages(cluster: Group): number {
  cluster.leader();
  cluster.run(quietMs);
  const before = cluster.cluster.counts.messages;
  cluster.run(10_000);
  return (cluster.cluster.counts.messages - before) / 10;
}

interface Cost {
  readonly messages: number;
  readonly ms: number;
}

/**
 * Messages and time until `count` payloads, proposed in one request at the leader or at a follower, are answered; the
 * next ones follow later. What an idle group would have sent meanwhile is not counted.
 */
function cost(cluster: Group, count: number, isForwarded: boolean): Cost {
  const rounds = 100;
  const leader = cluster.leader();
  const idle = idleMessages(cluster);
  const asked = isForwarded ? (cluster.ids(leader)[0] ?? "") : leader;
  const before = { messages: cluster.cluster.counts.messages, at: cluster.now };
  let busyMs = 0;
  for (let round = 0; round < rounds; round++) {
    const at = cluster.now;
    const id = cluster.propose(asked, ...Array.from({ length: count }, (_, place) => `${round} ${place}`));
    const isAnswered = (): boolean =>
      cluster.outputs(asked).some((output) => output.kind === "settled" && output.id === id);
    while (!isAnswered()) cluster.run(1);
    busyMs += cluster.now - at;
    cluster.run(20);
  }
  const sent = cluster.cluster.counts.messages - before.messages - (idle * (cluster.now - before.at)) / 1000;
  return { messages: sent / rounds, ms: busyMs / rounds };
}

function spread(values: readonly number[]): string {
  const { "0": least, "0.5": median, "1": most } = distributionOf(values) ?? {};
  return `${median} (${least} to ${most})`;
}

for (const members of [3, 5])
  for (const [name, open] of Object.entries(protocols)) {
    const text = ({ messages, ms }: Cost): string => `${messages.toFixed(2)} messages, ${ms.toFixed(1)} ms`;
    console.log(`${name}, ${members} members`);
    console.log(
      `  idle                       ${idleMessages(open({ members, seed: 1 })).toFixed(0)} messages a second`,
    );
    console.log(`  a commit, at the leader    ${text(cost(open({ members, seed: 1 }), 1, false))}`);
    console.log(`  a commit, at a follower    ${text(cost(open({ members, seed: 1 }), 1, true))}`);
    console.log(`  64 at once, at the leader  ${text(cost(open({ members, seed: 1 }), 64, false))}`);
    for (const hint of [true, false]) {
      const gaps = seeds.map((seed) => failoverMs(open({ members, seed }), seed, hint));
      console.log(`  leader killed, ${hint ? "seen      " : "not seen  "}  ${spread(gaps)} ms until the next`);
    }
  }
