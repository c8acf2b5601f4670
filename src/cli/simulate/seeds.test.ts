import { expect, test } from "vitest";
import { newRandom, nextBelow } from "../../base/random.ts";
import type { Outcome } from "../../simulator/index.ts";
import type { Runner } from "./runner.ts";
import { runSeeds } from "./seeds.ts";

const outcome: Outcome = { digest: "0", simulatedMs: 1, counts: {} };

/** Takes a varying number of turns for each run, as threads do. */
function unevenRunner(asked: number[]): Pick<Runner, "run"> {
  const random = newRandom(asked.length);
  return {
    run: async (seed) => {
      asked.push(seed);
      for (let turns = nextBelow(random, 5); turns > 0; turns--) await Promise.resolve();
      return outcome;
    },
  };
}

function series(first: number, count: number, take: (seed: number) => boolean, signal = new AbortController().signal) {
  return { first, count, take, signal };
}

test("outcomes are taken in order of seeds, each once, whichever thread was faster", async () => {
  const asked: number[] = [];
  const taken: number[] = [];

  await runSeeds(
    [unevenRunner(asked), unevenRunner(asked), unevenRunner(asked)],
    series(7, 600, (seed) => taken.push(seed) > 0),
  );

  expect(taken).toEqual(Array.from({ length: 600 }, (_, at) => 7 + at));
  expect(asked.toSorted((left, right) => left - right)).toEqual(taken);
});

test("when no more are wanted none is taken, and hardly any is begun", async () => {
  const asked: number[] = [];
  const taken: number[] = [];

  await runSeeds(
    [unevenRunner(asked), unevenRunner(asked)],
    series(1, 10_000, (seed) => taken.push(seed) < 5),
  );

  expect(taken).toEqual([1, 2, 3, 4, 5]);
  expect(asked.length).toBeLessThan(50);
});

test("a signal ends it although a run never does", async () => {
  const stop = new AbortController();
  const hanging: Pick<Runner, "run"> = {
    run: () => new Promise((_, reject) => stop.signal.addEventListener("abort", () => reject(new Error("closed")))),
  };
  const taken: number[] = [];

  const running = runSeeds(
    [hanging],
    series(1, 10, (seed) => taken.push(seed) > 0, stop.signal),
  );
  stop.abort();
  await running;

  expect(taken).toEqual([]);
});

test("what goes wrong in a thread is not swallowed", async () => {
  const broken: Pick<Runner, "run"> = { run: () => Promise.reject(new Error("no such file")) };

  await expect(
    runSeeds(
      [broken],
      series(1, 10, () => true),
    ),
  ).rejects.toThrow("no such file");
});
