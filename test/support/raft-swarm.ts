import { invariant } from "../../src/base/invariant.ts";
import { chance, newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { RaftCluster, type World } from "./raft-cluster.ts";

interface Read {
  readonly id: string;
  readonly number: number;
  /** Highest index any owner had seen committed when the read was asked. */
  readonly floor: number;
}

/** What one hostile run did, for a test to see that it was hostile. */
export interface SwarmReport {
  readonly committed: number;
  readonly crashes: number;
  readonly restores: number;
  readonly answeredReads: number;
}

/**
 * One run in a world drawn from `seed`: faults for a while, then calm, in which everything must come to an end.
 *
 * Throws when an invariant breaks, an answer was untrue, or progress does not come back.
 */
export function hostileRun(seed: number): SwarmReport {
  const random = newRandom(seed);
  const size = [1, 2, 3, 3, 3, 5][nextBelow(random, 6)] ?? 3;
  const cluster = new RaftCluster({
    members: size,
    seed: nextBelow(random, 2 ** 30),
    world: drawWorld(random),
    options: {
      appendBytesMax: 300 + nextBelow(random, 2000),
      inflightBytesMax: 1000 + nextBelow(random, 5000),
      uncommittedBytesMax: 5000,
      deliveryBytesMax: 2000 + nextBelow(random, 5000),
      tailBytesMax: 500 + nextBelow(random, 8000),
      retainCount: nextBelow(random, 20),
      chunkBytesMax: 8 + nextBelow(random, 200),
      chunksInflightMax: 1 + nextBelow(random, 3),
    },
  });
  const story = { proposals: new Map<string, { id: string; number: number }>(), reads: [] as Read[], crashes: 0 };
  for (let round = 0; round < 150; round++) {
    disturb(cluster, random, story);
    work(cluster, random, story, `${seed}-${round}`);
    cluster.run(nextBelow(random, 120));
  }
  recover(cluster);
  checkAgreement(cluster);
  checkFates(cluster, story.proposals);
  const answeredReads = checkReads(cluster, story.reads);
  const restores = [...cluster.hosts.values()]
    .flatMap((host) => host.outputs)
    .filter((o) => o.kind === "restore").length;
  return { committed: cluster.invariants.committed.size, crashes: story.crashes, restores, answeredReads };
}

function drawWorld(random: Random): World {
  const delay = [2, 10, 60][nextBelow(random, 3)] ?? 2;
  const disk = [1, 10, 80][nextBelow(random, 3)] ?? 1;
  const loss = [0, 0, 0.05, 0.2][nextBelow(random, 4)] ?? 0;
  const repeat = [0, 0, 0.1][nextBelow(random, 3)] ?? 0;
  return { delayMs: [1, delay], diskMs: [1, disk], loss, repeat };
}

function disturb(cluster: RaftCluster, random: Random, story: { crashes: number }): void {
  const ids = [...cluster.hosts.keys()];
  const id = ids[nextBelow(random, ids.length)] ?? "a";
  const other = ids[nextBelow(random, ids.length)] ?? "a";
  const host = cluster.host(id);
  const draw = nextBelow(random, 40);
  if (draw === 0 || (draw === 1 && host.raft === undefined)) {
    if (host.raft === undefined) cluster.start(id);
    else {
      story.crashes++;
      cluster.crash(id, chance(random, 0.7));
    }
  } else if (draw < 4 && host.raft === undefined) cluster.start(id);
  else if (draw === 4) cluster.isolate(id);
  else if (draw < 7 && id !== other) cluster.cut(id, other);
  else if (draw < 11) cluster.heal();
  else if (draw === 11) host.stuckDisk = true;
  else if (draw < 14) cluster.mendDisk(id);
  else if (draw < 18 && host.raft !== undefined) cluster.snapshot(id);
  else if (draw === 18) cluster.step(id, [{ kind: "link", peer: other, up: chance(random, 0.5) }]);
}

function work(
  cluster: RaftCluster,
  random: Random,
  story: { proposals: Map<string, { id: string; number: number }>; reads: Read[] },
  name: string,
): void {
  const up = [...cluster.hosts.values()].filter((host) => host.raft !== undefined);
  const host = up[nextBelow(random, up.length)];
  if (host === undefined) return;
  for (let at = nextBelow(random, 4); at > 0; at--) {
    const text = `${name}-${at}`;
    story.proposals.set(text, { id: host.id, number: cluster.propose(host.id, text) });
  }
  if (chance(random, 0.3)) {
    const floor = Math.max(0, ...cluster.invariants.committed.keys());
    story.reads.push({ id: host.id, number: cluster.barrier(host.id), floor });
  }
}

/** Faults end; within 20 s of simulated time all members must agree on a fresh entry. */
function recover(cluster: RaftCluster): void {
  cluster.heal();
  cluster.world = { delayMs: [1, 3], diskMs: [1, 2], loss: 0, repeat: 0 };
  for (const host of cluster.hosts.values()) {
    cluster.mendDisk(host.id);
    if (host.raft === undefined) cluster.start(host.id);
  }
  let marker = "";
  let tries = 0;
  const isKnown = () => [...cluster.hosts.values()].every((host) => host.applied.includes(marker));
  const isDone = cluster.runUntil(() => {
    if (marker === "" || tries++ % 50 === 0) {
      marker = `marker-${tries}`;
      cluster.propose("a", marker);
    }
    return isKnown();
  });
  invariant(isDone, "a healed cluster makes progress");
  cluster.run(3000);
}

function checkAgreement(cluster: RaftCluster): void {
  const [first, ...others] = [...cluster.hosts.values()].map((host) => host.applied.join());
  for (const other of others) invariant(first === other, "all members have applied the same");
}

/** What was answered must be true: refused and lost ones were never committed, applied ones were. */
function checkFates(cluster: RaftCluster, proposals: Map<string, { id: string; number: number }>): void {
  const committed = new Set([...cluster.invariants.committed.values()].map((text) => text.split(" ")[2]));
  for (const [text, { id, number }] of proposals) {
    const fate = cluster.fate(id, number);
    const last = fate.at(-1) ?? "";
    if (last === "applied") invariant(committed.has(text), `${text} was said to be applied`);
    if (last === "lost" || last.startsWith("refused")) {
      invariant(!committed.has(text), `${text} was said not to be applied: ${fate.join()}`);
    }
  }
}

/** A linearizable read shows all that was committed anywhere before it was asked. */
function checkReads(cluster: RaftCluster, reads: readonly Read[]): number {
  let answered = 0;
  for (const read of reads) {
    const fate = cluster.fate(read.id, read.number)[0] ?? "";
    if (!fate.startsWith("readable")) continue;
    answered++;
    invariant(Number(fate.split(" ")[1]) >= read.floor, `read ${read.number} on ${read.id} is not stale`);
  }
  return answered;
}
