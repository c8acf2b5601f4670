import { expect, test } from "vitest";
import { checkTestOptions } from "../../workbench/run/options.ts";
import { testCommand } from "./test.ts";
import { parseTestOptions, repeatingWords, type TestWords } from "./test-options.ts";

const defaults = testCommand().opts<TestWords>();
const parse = (given: Partial<TestWords>, ...words: string[]) => parseTestOptions(words, { ...defaults, ...given });

test("what is left open is as in Maelstrom", () => {
  const options = parse({}, "node", "echo.js");

  expect(options).toMatchObject({
    workload: "lin-kv",
    command: ["node", "echo.js"],
    nodes: ["n1", "n2", "n3", "n4", "n5"],
    concurrency: 5,
    rate: 5,
    timeLimitSeconds: 60,
    latencyMs: 0,
    latencyDistribution: "constant",
    faults: [],
    nemesisIntervalSeconds: 10,
    topology: "grid",
    maxTxnLength: 4,
    maxWritesPerKey: 16,
    consistencyModels: ["strict-serializable"],
    availability: undefined,
    recoverySeconds: 10,
  });
});

test("numbers for each node, lists and shares are read", () => {
  const options = parse(
    { nodeCount: "3", concurrency: "4n", nemesis: "kill, pause", availability: "0.9", rate: "0.5", bin: "no-file" },
    "--port",
  );

  expect(options).toMatchObject({ nodes: ["n0", "n1", "n2"], concurrency: 12, rate: 0.5, availability: 0.9 });
  expect(options).toMatchObject({ faults: ["kill", "pause"], command: ["no-file", "--port"] });
});

test("the words that repeat a test leave out what is meant anyway", () => {
  const options = parse({ workload: "echo", nodeCount: "2", rate: "10", seed: "7" }, "node", "echo.js");

  expect(repeatingWords(options).join(" ")).toBe(
    "maelstrom test -w echo --node-count 2 --rate 10 --seed 7 -- node echo.js",
  );
});

test.each<Partial<TestWords>>([
  {},
  { nodes: "a,b", concurrency: "4n", rate: "0.5", timeLimit: "3", latency: "7", latencyDist: "uniform", pLoss: "0.1" },
  { nodeCount: "9", pDuplicate: "1", nemesis: "kill,one-way", nemesisInterval: "2", topology: "tree3", fast: true },
  { availability: "total", consistencyModels: "serializable,read-atomic", keyCount: "4", maxTxnLength: "2" },
  { workload: "kafka", availability: "0.9", maxWritesPerKey: "100", recovery: "0" },
])("a test of %j is repeated by its words", (given) => {
  const options = parse({ seed: "1", ...given }, "node", "--port", "5");

  const command = testCommand();
  const { operands } = command.parseOptions(repeatingWords(options).slice(2));
  expect(parseTestOptions(operands, command.opts<TestWords>())).toEqual(options);
});

test("a program in sight is found by its name alone", () => {
  expect(parse({ bin: "package.json" }).command[0]).toMatch(/^\/.*package\.json$/);
});

test.each<[Partial<TestWords>, RegExp]>([
  [{ workload: "ecko" }, /^--workload must be one of broadcast, echo.*, not ecko; did you mean echo\?$/],
  [{ nemesis: "partitions" }, /^--nemesis must be one of .*; did you mean partition\?$/],
  [{ latencyDist: "normal" }, /^--latency-dist must be one of constant, uniform, exponential, not normal$/],
  [{ consistencyModels: "linear" }, /^--consistency-models must be one of /],
  [{ concurrency: "n" }, /^--concurrency must be a whole number, or one for each node like 2n, not n$/],
  [{ rate: "-1" }, /^--rate must be a number from 0 to 1000000, not -1$/],
  [{ pLoss: "1.5" }, /^--p-loss must be a number from 0 to 1, not 1\.5$/],
  [{ nodeCount: "0" }, /^--node-count must be a whole number from 1 to 250, not 0$/],
  [{ availability: "all" }, /^--availability must be a number from 0 to 1, not all$/],
])("%j is refused", (given, told) => {
  expect(() => parse(given, "node")).toThrow(told);
});

test("without a program there is nothing to test", () => {
  expect(() => parse({})).toThrow("name the nodes' program: --bin ./node, or a command like -- node echo.js");
});

test.each([
  ["c1,n2", /must be words that do not start with c/],
  ["n1,n1", /names a node twice/],
  ["n1,lin-kv", /takes the name of a service/],
  [" , ", /must be 1 to 250/],
])("nodes called %s are refused", (nodes, told) => {
  expect(() => checkTestOptions(parse({ nodes, concurrency: "1" }, "node"))).toThrow(told);
});

test("transactions that must keep nothing are refused", () => {
  expect(() => checkTestOptions(parse({ consistencyModels: "," }, "node"))).toThrow(/must name at least one/);
});
