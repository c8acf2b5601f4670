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

test("a scenario of total order is explored with the numbers that options change", async () => {
  const { code, stdout } = await runQuorate(["explore", "total-order", "--scenario", "links", "--multicasts", "1"]);

  expect(code).toBe(0);
  expect(stdout).toContain("total-order: links: 2 members, 0 seekers, uniform delivery;\n");
  expect(stdout).toContain("at most: multicasts 1, repeats 1, messages twice 1, any number of messages lost;\n");
  expect(stdout).toContain("every promise held in every state");
});

test("gossip is explored with a scenario that is named", async () => {
  const { code, stdout } = await runQuorate(["explore", "gossip", "--scenario", "repeats", "--rumours", "1"]);

  expect(code).toBe(0);
  expect(stdout).toContain("gossip: repeats: 3 members, links line, payloads kept none;\n");
  expect(stdout).toContain("every promise held in every state");
});

test("Multi-Paxos is explored with a scenario that is named", async () => {
  const { code, stdout } = await runQuorate(["explore", "multi-paxos", "--scenario", "read", "--reads", "0"]);

  expect(code).toBe(0);
  expect(stdout).toContain(
    "multi-paxos: read: 3 voters, 0 learners (led), free elections, alpha 1, accepts to leader;\n",
  );
  expect(stdout).toContain("every promise held in every state");
});

const wild = ["--applications", "3", "--attempts", "3", "--crashes", "3", "--order", "sent"];

test("walks at random say how many they were, and tell what they find, by the seed that repeats it", async () => {
  const words = ["explore", "total-order", "--scenario", "founding", ...wild, "--jobs", "2"];
  const kept = await runQuorate([...words, "--walk", "20"]);
  const lost = await runQuorate([...words, "--memory", "lost", "--walk", "9", "--seed", "150", "--json"]);

  expect([kept.code, lost.code]).toEqual([0, 1]);
  expect(kept.stdout).toMatch(/^walks +20, [\d,]+ a second$/m);
  expect(kept.stdout).toContain("every promise held in every state that came up");
  const { found } = JSON.parse(lost.stdout);
  expect(found).toMatchObject({ seed: 152, violation: { claim: expect.stringContaining("one group is founded") } });
});

test("what a protocol does not promise is told as a story, with the exit code of a failure", async () => {
  const founding = ["--scenario", "founding", "--memory", "lost", "--applications", "1", "--attempts", "2"];
  const { code, stdout } = await runQuorate(["explore", "total-order", ...founding, "--order", "sent"]);

  expect(code).toBe(1);
  expect(stdout).toContain(
    "a promise is broken, after 12 steps and no fewer, once what is on its way is lost and nothing else fails:\n  1. ",
  );
  expect(stdout).toContain("\nfrom here on nothing fails:\n  1. ");
  expect(stdout).toMatch(/^it must be that one group is founded: /m);
});

test("a bound that is reached is named", async () => {
  const { code, stdout } = await runQuorate([...small, "--steps", "4", "--jobs", "1"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^bound reached +steps, 4$/m);
});

test.each([
  [["explore", "paxos"], "paxos cannot be explored; raft, multi-paxos, total-order, gossip and synod can"],
  [["explore", "total-order", "--terms", "2"], "--terms means nothing to total-order, only to raft"],
  [["explore", "total-order", "--scenario", "odd"], "--scenario must be links or order or view-change"],
  [["explore", "total-order", "--seekers", "3"], "--members and --seekers must be 1 to 5 together"],
  [["explore", "gossip", "--multicasts", "2"], "--multicasts means nothing to gossip, only to total-order"],
  [["explore", "gossip", "--kept", "some"], "--kept must be all or none, not some"],
  [["explore", "synod", "--proposers", "4"], "--proposers must be a whole number from 1 to 3, not 4"],
  [["explore", "multi-paxos", "--members", "4", "--learners", "3"], "--members and --learners must be 6 at most"],
  [["explore", "raft", "--walk", "0"], "--walk must be a whole number from 1"],
  [["explore", "raft", "--members", "9"], "--members must be a whole number from 1 to 5, not 9"],
  [["explore", "raft", "--order", "odd"], "--order must be any or sent, not odd"],
])("%j is refused", async (words, why) => {
  const { code, stderr } = await runQuorate(words);

  expect(code).toBe(64);
  expect(stderr).toContain(why);
});
