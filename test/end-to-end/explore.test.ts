import { expect, test } from "vitest";
import { runQuorate } from "../support/processes.ts";

const small = [
  "explore",
  "raft",
  "--start",
  "new",
  "--terms",
  "1",
  "--proposals",
  "0",
  "--timeouts",
  "1",
  "--disk",
  "fast",
];
const tiny = [...small, "--crashes", "0", "--duplicates", "0"];

test("a small exploration is complete, and says so with its figures", async () => {
  const { code, stdout } = await runQuorate([...tiny, "--jobs", "2"]);

  expect(code).toBe(0);
  expect(stdout).toContain("every promise held in every state");
  expect(stdout).toMatch(/^bound reached +none: nothing within the bounds was left out$/m);
  expect(stdout).toMatch(/^states +\d[\d,]*, [\d,]+ a second$/m);
});

test("as JSON, with one thread and with two, it finds the same", async () => {
  const answers = [];
  for (const jobs of ["1", "2"])
    answers.push(JSON.parse((await runQuorate([...tiny, "--json", "--jobs", jobs])).stdout));

  const [one, two] = answers;
  expect(one).toMatchObject({ complete: true, jobs: 1, limits: { members: 3, terms: 1 } });
  expect(two).toMatchObject({ states: one.states, transitions: one.transitions, depth: one.depth, jobs: 2 });
});

test("a bound that is reached is named", async () => {
  const { code, stdout } = await runQuorate([...small, "--steps", "4", "--jobs", "1"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^bound reached +steps, 4$/m);
});

test.each([
  [["explore", "paxos"], "paxos cannot be explored; raft can"],
  [["explore", "raft", "--members", "9"], "--members must be a whole number from 1 to 5, not 9"],
  [["explore", "raft", "--order", "odd"], "--order must be any or sent, not odd"],
])("%j is refused", async (words, why) => {
  const { code, stderr } = await runQuorate(words);

  expect(code).toBe(64);
  expect(stderr).toContain(why);
});
