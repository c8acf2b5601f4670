/**
 * How many calls a second can be checked for linearizability, by the length of a history and how many call at once?
 *
 * Histories of a register with reads, unique writes and compare-and-set, drawn from a seed; the same with one read that
 * nothing explains; and at sizes that it can do, against Wing and Gong's search without a memo, as a ratio.
 * Run: `npx tsx bench/checker.ts`.
 */

import { newRandom, nextBelow } from "../src/base/random.ts";
import {
  checkLinearizable,
  type History,
  type Operation,
  type RegisterCall,
  type RegisterResult,
  registerModel,
  type Value,
} from "../src/checker/index.ts";

type RegisterHistory = History<RegisterCall, RegisterResult>;

interface Size {
  readonly calls: number;
  readonly clients: number;
  readonly keys: number;
}

/** Clients call one after the other, for 1 to 100 time units with pauses of 1 to 10; each call takes effect within. */
function draw({ calls, clients, keys }: Size, seed: number): RegisterHistory {
  const random = newRandom(seed);
  const free = new Array<number>(clients).fill(0);
  const moments = Array.from({ length: calls }, () => {
    const client = free.indexOf(Math.min(...free));
    const calledAt = (free[client] ?? 0) + 1 + nextBelow(random, 10);
    const returnedAt = calledAt + 1 + nextBelow(random, 100);
    free[client] = returnedAt;
    return {
      client: `c${client}`,
      calledAt,
      returnedAt,
      effect: calledAt + nextBelow(random, returnedAt - calledAt + 1),
    };
  }).sort((left, right) => left.effect - right.effect);
  const values = new Map<string, Value>();
  return moments.map(({ client, calledAt, returnedAt }, at): Operation<RegisterCall, RegisterResult> => {
    const key = `k${nextBelow(random, keys)}`;
    const value = values.get(key) ?? null;
    const times = { client, calledAt, returnedAt };
    switch (nextBelow(random, 3)) {
      case 0:
        return { ...times, call: { kind: "read", key }, result: { kind: "value", value } };
      case 1:
        values.set(key, at);
        return { ...times, call: { kind: "write", key, value: at }, result: { kind: "written" } };
      default: {
        const fits = nextBelow(random, 2) === 0;
        if (fits) values.set(key, at);
        const call = { kind: "cas", key, from: fits ? value : -1, to: at } as const;
        return { ...times, call, result: { kind: fits ? "swapped" : "kept" } };
      }
    }
  });
}

/** One read near the end sees what nobody wrote. */
function spoil(history: RegisterHistory): RegisterHistory {
  const at = Math.floor(history.length * 0.9);
  return history.map((each, index) => {
    if (index !== at) return each;
    const { key = "" } = each.call;
    return { ...each, call: { kind: "read", key }, result: { kind: "value", value: -7 } };
  });
}

/** Wing and Gong's search as they wrote it: an order at a time, nothing remembered. Gives up after `stepsMax`. */
function plainSearch(history: RegisterHistory, stepsMax: number): boolean | undefined {
  const left = [...history].sort((a, b) => a.calledAt - b.calledAt);
  let steps = 0;
  const explain = (state: Value): boolean => {
    const end = left.reduce((first, { returnedAt = Number.POSITIVE_INFINITY }) => Math.min(first, returnedAt), 1 / 0);
    if (left.length === 0) return true;
    for (let at = 0; (left[at]?.calledAt ?? Number.POSITIVE_INFINITY) <= end; at++) {
      if (++steps > stepsMax) return false;
      const [each] = left.slice(at, at + 1);
      if (each === undefined) break;
      for (const next of registerModel.next(state, each.call, each.result)) {
        left.splice(at, 1);
        if (explain(next)) return true;
        left.splice(at, 0, each);
      }
    }
    return false;
  };
  const verdict = explain(registerModel.initial);
  return steps > stepsMax ? undefined : verdict;
}

/** The median of three rounds, in ms of CPU: machines are shared. */
function time(run: () => unknown): number {
  const took = Array.from({ length: 3 }, () => cpuMs(run)).sort((left, right) => left - right);
  return took[1] ?? 0;
}

function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function show(size: Size, what: string, ms: number, verdict: string): void {
  const { calls, clients, keys } = size;
  const rate = Math.round((calls / ms) * 1000).toLocaleString("en");
  const cells = [calls, clients, keys].map((cell, at) => String(cell).padStart([7, 4, 4][at] ?? 0));
  console.log(
    `${cells.join(" ")}  ${what.padEnd(6)} ${ms.toFixed(1).padStart(8)} ms ${rate.padStart(10)} calls/s  ${verdict}`,
  );
}

console.log("  calls  clients keys");
const sizes: readonly Size[] = [
  { calls: 1000, clients: 10, keys: 1 },
  { calls: 10_000, clients: 1, keys: 1 },
  { calls: 10_000, clients: 5, keys: 1 },
  { calls: 10_000, clients: 10, keys: 1 },
  { calls: 10_000, clients: 10, keys: 100 },
  { calls: 10_000, clients: 100, keys: 100 },
  { calls: 100_000, clients: 10, keys: 100 },
];
for (const size of sizes) {
  const history = draw(size, 1);
  for (const [what, given] of [
    ["ok", history],
    ["broken", spoil(history)],
  ] as const) {
    const ms = time(() => checkLinearizable(given, registerModel));
    const { kind, steps } = checkLinearizable(given, registerModel);
    show(size, what, ms, `${kind}, ${steps} steps`);
  }
}

console.log("\nagainst a search without a memo (one key)");
for (const [calls, clients] of [
  [20, 3],
  [100, 3],
  [20, 6],
  [30, 8],
] as const) {
  const history = spoil(draw({ calls, clients, keys: 1 }, 1));
  const ours = time(() => checkLinearizable(history, registerModel));
  const stepsMax = 3_000_000;
  let verdict: boolean | undefined;
  const plain = cpuMs(() => {
    verdict = plainSearch(history, stepsMax);
  });
  const said = verdict === undefined ? `gave up after ${stepsMax} steps, ` : "";
  console.log(
    `${String(calls).padStart(4)} calls of ${clients} clients: ${ours.toFixed(2)} ms, plain ${said}${plain.toFixed(2)} ms: ${(plain / ours).toFixed(1)} x`,
  );
}
