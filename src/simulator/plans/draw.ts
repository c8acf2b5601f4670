import { chance, newRandom, nextBelow, type Random } from "../../base/random.ts";
import type { Subject } from "../subject.ts";
import type { Action, Fault, MemberPlan, Plan, Target, World } from "./plan.ts";

/** What a plan is drawn within. */
export interface DrawOptions {
  /** Default 5. */
  readonly members?: number;
  /** Default 200. */
  readonly calls?: number;
  /** Default 8. */
  readonly clients?: number;
  /** Kinds of faults that may be drawn. Default: all. */
  readonly faults?: readonly FaultKind[];
}

/** What a fault is called. */
export type FaultKind = Fault["kind"];

/** Draws what one kind of fault does this time. */
type Draw = (random: Random, options: () => MemberPlan["options"]) => Fault;

const draws: Readonly<Record<Exclude<FaultKind, "act">, Draw>> = {
  crash: (random) => ({ kind: "crash", hint: chance(random, 0.7) }),
  powerCut: () => ({ kind: "powerCut" }),
  pause: () => ({ kind: "pause" }),
  jump: (random) => ({ kind: "jump", ms: one(random, 10, 300, 5000) }),
  isolate: (random) => ({ kind: "isolate", hint: chance(random, 0.5) }),
  split: (random) => ({ kind: "split", count: nextBelow(random, 3) }),
  deaf: () => ({ kind: "deaf" }),
  mute: () => ({ kind: "mute" }),
  bridge: () => ({ kind: "bridge" }),
  chain: () => ({ kind: "chain" }),
  cut: (random) => ({ kind: "cut", oneWay: chance(random, 0.5) }),
  flap: (random) => ({ kind: "flap", everyMs: one(random, 15, 60, 250) }),
  slow: (random) => ({ kind: "slow", ms: one(random, 20, 100, 400) }),
  clog: (random) => ({ kind: "clog", count: nextBelow(random, 4) }),
  slowDisk: (random) => ({ kind: "slowDisk", ms: one(random, 20, 150, 500) }),
  stuckDisk: () => ({ kind: "stuckDisk" }),
  fullDisk: () => ({ kind: "fullDisk" }),
  flip: () => ({ kind: "flip" }),
  falseHint: (random) => ({ kind: "falseHint", up: chance(random, 0.3) }),
  restart: (_random, options) => ({ kind: "restart", options: options() }),
};

/** Every kind of fault there is. */
export const faultKinds: readonly FaultKind[] = [...(Object.keys(draws) as FaultKind[]), "act"];

/** Draws all that a run is from one number: which faults there are, how strong, whom they strike, what clients ask. */
export function drawPlan(seed: number, subject: Subject, options: DrawOptions = {}): Plan {
  const random = newRandom(seed);
  const { members: memberCount = 5, calls = 200, clients = 8, faults = faultKinds } = options;
  const fireMs = one(random, 700, 1400, 2400);
  const tickMs = one<readonly [number, number]>(random, [20, 20], [20, 20], [14, 30]);
  const clock = one(random, 0, 0, 100, 400);
  const coreOptions = subject.drawOptions(random);
  const members = Array.from({ length: memberCount }, (_, at) => ({
    id: nameOf(at),
    tickMs: within(random, tickMs),
    clock: 1000 + within(random, [-clock, clock]),
    options: coreOptions,
  }));
  const plan: Plan = {
    seed: nextBelow(random, 2 ** 31),
    members,
    world: drawWorld(random),
    actions: drawActions(random, { subject, faults, fireMs }),
    calls: subject.drawCalls(random, calls, clients),
    fireMs,
    calmTicks: 2000,
  };
  return subject.adapt?.(random, plan) ?? plan;
}

/** a, b, … z, then a1, b1, … */
function nameOf(place: number): string {
  const round = Math.floor(place / 26);
  return String.fromCharCode(97 + (place % 26)) + (round === 0 ? "" : String(round));
}

function drawWorld(random: Random): World {
  return {
    delays: one(random, "even", "bell", "tail", "tail"),
    delayMs: [1, one(random, 2, 5, 15, 80)],
    loss: one(random, 0, 0, 20, 150),
    repeat: one(random, 0, 0, 50, 200),
    isOrdered: chance(random, 0.4),
    diskMs: [one(random, 0, 1), one(random, 1, 4, 15, 60)],
    lostReads: one(random, 0, 0, 100),
    batchMs: one(random, 0, 1, 2, 4, 10, 40),
    hintMs: [0, one(random, 1, 20, 300)],
    lostHints: one(random, 0, 200, 1000),
  };
}

/** Each run has a subset of the faults, so that none hides what another alone would show (swarm testing). */
function drawActions(
  random: Random,
  { subject, faults, fireMs }: { subject: Subject; faults: readonly FaultKind[]; fireMs: number },
): Action[] {
  const share = one(random, 0.2, 0.4, 0.6);
  const gapMs = one(random, 25, 60, 150, 400);
  const longest = one(random, 80, 300, 900);
  const rarely = (kind: FaultKind) => kind === "powerCut" || kind === "flip";
  const action = (atMs: number, fault: Fault): Action => {
    const target = one<Target>(random, "leader", "leader", "follower", "any", "any");
    return { atMs, lastsMs: 10 + nextBelow(random, longest), target, pick: nextBelow(random, 1024), fault };
  };
  const actions: Action[] = [];
  const chosen = faults.filter((kind) => kind !== "act" && chance(random, share)) as (keyof typeof draws)[];
  for (const atMs of moments(random, gapMs, fireMs)) {
    const kind = chosen[nextBelow(random, chosen.length)];
    if (kind === undefined || (rarely(kind) && chance(random, 0.8))) continue;
    actions.push(
      action(
        atMs,
        draws[kind](random, () => subject.drawOptions(random)),
      ),
    );
  }
  const acts = faults.includes("act") ? subject.acts.filter(() => chance(random, 0.6)) : [];
  for (const atMs of moments(random, one(random, 40, 100, 300), acts.length > 0 ? fireMs : 0)) {
    actions.push({ ...action(atMs, { kind: "act", name: one(random, ...acts) }), target: "leader" });
  }
  return actions;
}

/** Moments until `endMs`, `gapMs` apart in the middle. */
function moments(random: Random, gapMs: number, endMs: number): number[] {
  const moments: number[] = [];
  for (let ms = nextBelow(random, 2 * gapMs); ms < endMs; ms += 1 + nextBelow(random, 2 * gapMs)) moments.push(ms);
  return moments;
}

function one<Value>(random: Random, ...values: readonly Value[]): Value {
  return values[nextBelow(random, values.length)] as Value;
}

function within(random: Random, [least, most]: readonly [number, number]): number {
  return least + nextBelow(random, most - least + 1);
}
