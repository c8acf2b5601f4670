import { invariant } from "../../src/base/invariant.ts";
import { chance, newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { RaftCluster } from "./raft-cluster.ts";
import { RaftPromises } from "./raft-promises.ts";
import { calmWorld, type World } from "./raft-world.ts";

/** What one hostile run did, for a test to see that it was hostile. */
export interface SwarmReport {
  readonly committed: number;
  readonly crashes: number;
  readonly restores: number;
  readonly answeredReads: number;
  readonly lost: number;
  readonly busy: number;
}

/** One kind of fault; each run has a subset of them, so that none hides what another alone would show. */
type Fault = (run: Run) => void;

interface Run {
  readonly cluster: RaftCluster;
  readonly random: Random;
  readonly promises: RaftPromises;
  crashes: number;
}

const roundCount = 150;

/**
 * One run in a world drawn from `seed`: faults for a while, then calm, in which everything must come to an end.
 *
 * Throws when an invariant breaks, an answer was untrue, or progress does not come back.
 */
export function hostileRun(seed: number): SwarmReport {
  const random = newRandom(seed);
  const cluster = drawCluster(random);
  const run: Run = { cluster, random, promises: new RaftPromises(cluster), crashes: 0 };
  const active = Object.values(faults).filter(() => chance(random, 0.7));
  for (let round = 0; round < roundCount; round++) {
    if (active.length > 0 && chance(random, 0.4)) active[nextBelow(random, active.length)]?.(run);
    if (chance(random, 0.25)) mend(run);
    work(run, `${seed}-${round}`);
    cluster.run(nextBelow(random, 120));
  }
  recover(cluster);
  run.promises.check();
  return report(run);
}

/** Runs many seeds, or the one in `SEED`, and sums up; the first that fails says how to repeat it. */
export function hostileRuns(first: number, count: number, file: string): SwarmReport {
  const only = process.env.SEED;
  const seeds = only === undefined ? Array.from({ length: count }, (_, at) => first + at) : [Number(only)];
  const sum = { committed: 0, crashes: 0, restores: 0, answeredReads: 0, lost: 0, busy: 0 };
  for (const seed of seeds) {
    try {
      const report = hostileRun(seed);
      for (const name of Object.keys(sum) as (keyof SwarmReport)[]) sum[name] += report[name];
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : cause;
      throw new Error(`seed ${seed}: ${what}\nto repeat: SEED=${seed} npx vitest run ${file}`, { cause });
    }
  }
  return sum;
}

function drawCluster(random: Random): RaftCluster {
  const one = <Value>(...values: readonly Value[]) => values[nextBelow(random, values.length)] as Value;
  const world: World = {
    delayMs: [1, one(2, 10, 60)],
    diskMs: [1, one(1, 10, 80)],
    loss: one(0, 0, 0.05, 0.2),
    repeat: one(0, 0, 0.1),
    lostReads: one(0, 0, 0.1),
    batchMs: one(0, 0, 5, 40),
  };
  return new RaftCluster({
    members: one(1, 2, 3, 3, 3, 5),
    seed: nextBelow(random, 2 ** 30),
    world,
    tickMs: one<readonly [number, number]>([20, 20], [20, 20], [12, 32]),
    keepsOneSnapshot: chance(random, 0.5),
    options: {
      appendBytesMax: 300 + nextBelow(random, 2000),
      inflightBytesMax: 1000 + nextBelow(random, 5000),
      inflightCountMax: one(2, 8, 256),
      uncommittedBytesMax: 5000,
      deliveryBytesMax: 2000 + nextBelow(random, 5000),
      tailBytesMax: 500 + nextBelow(random, 8000),
      retainCount: nextBelow(random, 20),
      waitingCountMax: one(3, 100),
      chunkBytesMax: 32 + nextBelow(random, 200),
      chunksInflightMax: 1 + nextBelow(random, 3),
    },
  });
}

const faults: Readonly<Record<string, Fault>> = {
  crash: (run) => {
    const id = victim(run);
    if (!run.cluster.isUp(id)) return;
    run.crashes++;
    run.cluster.crash(id, chance(run.random, 0.7));
  },
  powerCut: (run) => {
    if (chance(run.random, 0.8)) return;
    for (const id of run.cluster.ids()) if (run.cluster.isUp(id)) run.cluster.crash(id, false);
    for (const id of run.cluster.ids()) run.cluster.start(id);
  },
  isolate: (run) => {
    const id = victim(run);
    run.cluster.isolate(id);
    if (chance(run.random, 0.5)) run.cluster.hint(id, false);
  },
  oneWay: (run) => run.cluster.cut(member(run), member(run)),
  stuckDisk: (run) => run.cluster.stickDisk(member(run)),
  fullDisk: (run) => run.cluster.fillDisk(member(run)),
  pause: (run) => run.cluster.pause(victim(run)),
  snapshot: (run) => {
    for (let at = 0; at < 3; at++) {
      const id = member(run);
      if (run.cluster.isUp(id)) run.cluster.snapshot(id);
    }
  },
  /** A link's state may be told wrongly, late or never. */
  hint: (run) => run.cluster.step(member(run), [{ kind: "link", peer: member(run), up: chance(run.random, 0.5) }]),
};

function member({ cluster, random }: Run): string {
  const ids = cluster.ids();
  return ids[nextBelow(random, ids.length)] ?? "a";
}

/** Half of the time one that leads, or believes to: there faults matter most. */
function victim(run: Run): string {
  const { cluster, random } = run;
  const leaders = cluster.ids().filter((id) => cluster.isUp(id) && cluster.state(id).role === "leader");
  const chosen = leaders[nextBelow(random, leaders.length)];
  return chosen !== undefined && chance(random, 0.5) ? chosen : member(run);
}

/** One trouble ends, somewhere. */
function mend(run: Run): void {
  const id = member(run);
  const { cluster } = run;
  if (!cluster.isUp(id)) cluster.start(id);
  cluster.unpause(id);
  cluster.mendDisk(id);
  if (chance(run.random, 0.7)) cluster.heal();
}

function work(run: Run, name: string): void {
  const { cluster, random, promises } = run;
  const up = cluster.ids().filter((id) => cluster.isUp(id));
  const id = up[nextBelow(random, up.length)];
  if (id === undefined) return;
  for (let at = nextBelow(random, 4); at > 0; at--) {
    const texts = Array.from({ length: 1 + nextBelow(random, 2) }, (_, part) => `${name}-${at}-${part}`);
    promises.propose(id, texts);
  }
  if (chance(random, 0.3)) promises.read(id);
}

/** Faults end; within 20 s of simulated time all members must agree on a fresh entry. */
function recover(cluster: RaftCluster): void {
  cluster.heal();
  cluster.world = { ...calmWorld, batchMs: Math.min(5, cluster.world.batchMs) };
  for (const id of cluster.ids()) {
    if (!cluster.isUp(id)) cluster.start(id);
    cluster.unpause(id);
    cluster.mendDisk(id);
  }
  let marker = "";
  let looks = 0;
  const isDone = cluster.runUntil(() => {
    if (looks++ % 200 === 0) {
      marker = `marker-${looks}`;
      cluster.propose("a", marker);
    }
    return cluster.ids().every((id) => cluster.host(id).applied.includes(marker));
  });
  invariant(isDone, "a healed cluster makes progress");
  cluster.run(3000);
}

function report({ cluster, crashes, promises }: Run): SwarmReport {
  const outputs = [...cluster.hosts.values()].flatMap((host) => host.outputs);
  return {
    committed: cluster.invariants.committed.size,
    crashes,
    restores: outputs.filter((output) => output.kind === "restore").length,
    answeredReads: promises.answeredReads,
    lost: outputs.filter((output) => output.kind === "settled" && output.outcome === "lost").length,
    busy: outputs.filter((output) => output.kind === "refused" && output.reason === "busy").length,
  };
}
