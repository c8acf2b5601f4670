/**
 * How many transactions a second can be judged, by the length of a history, and what does a broken one cost?
 *
 * Transactions of one to four steps on lists or registers, run one at a time by ten clients, a key given up after some
 * writes as Maelstrom does it; the same with reads of an older state here and there. As a ratio: against only reading
 * such a history from its JSON.
 * Run: `npx tsx bench/transactions.ts`.
 */

import { newRandom, nextBelow } from "../src/base/random.ts";
import { judgeTransactions, type OperationEvent, type TransactionModel } from "../src/checker/index.ts";

interface Drawing {
  readonly model: TransactionModel;
  readonly count: number;
  /** One of so many reads sees the state before the last write. */
  readonly staleEvery?: number;
}

const clients = 10;
const keysAtOnce = 10;
const writesPerKey = 16;

function draw({ model, count, staleEvery = 0 }: Drawing, seed: number): OperationEvent[] {
  const random = newRandom(seed);
  const values = new Map<number, readonly number[]>();
  const events: OperationEvent[] = [];
  let firstKey = 0;
  let reads = 0;
  for (let at = 0; at < count; at++) {
    const steps = Array.from({ length: 1 + nextBelow(random, 4) }, () => {
      const key = firstKey + nextBelow(random, keysAtOnce);
      const held = values.get(key) ?? [];
      if (nextBelow(random, 2) === 0) {
        const isStale = staleEvery > 0 && ++reads % staleEvery === 0;
        const seen = isStale ? held.slice(0, -1) : held;
        return ["r", key, model === "list-append" ? seen : (seen.at(-1) ?? null)] as const;
      }
      values.set(key, [...held, held.length + 1]);
      if (held.length + 1 === writesPerKey) firstKey++;
      return [model === "list-append" ? "append" : "w", key, held.length + 1] as const;
    });
    const asked = steps.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
    const event = { process: at % clients, f: "txn", timeNs: at * 1000 };
    events.push(
      { ...event, type: "invoke", value: asked },
      { ...event, type: "ok", value: steps, timeNs: at * 1000 + 500 },
    );
  }
  return events;
}

/** The median of three rounds, in ms of CPU: machines are shared. */
function time(run: () => unknown): number {
  const took = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }).sort((left, right) => left - right);
  return took[1] ?? 0;
}

for (const model of ["list-append", "rw-register"] as const) {
  for (const count of [1000, 10_000, 100_000]) {
    for (const staleEvery of [0, 1000, 10]) {
      const history = draw({ model, count, staleEvery }, 1);
      const ms = time(() => judgeTransactions(history, { model }));
      const text = JSON.stringify(history);
      const ratio = ms / time(() => JSON.parse(text));
      const { valid, figures } = judgeTransactions(history, { model });
      const rate = Math.round((count / ms) * 1000).toLocaleString("en");
      const what = staleEvery === 0 ? "serial" : `1 of ${staleEvery} reads stale`;
      console.log(
        `${model.padEnd(11)} ${String(count).padStart(6)} ${what.padEnd(20)} ${ms.toFixed(0).padStart(6)} ms ` +
          `${rate.padStart(9)}/s ${ratio.toFixed(1).padStart(5)} x  ${valid} ${JSON.stringify(figures.anomalyCounts)}`,
      );
    }
  }
}
