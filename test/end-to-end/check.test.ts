import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quorate, runQuorate } from "../support/processes.ts";

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-check-"));
});
afterAll(() => rmSync(home, { recursive: true }));

const invoke = (process: number, f: string, fields: object) => ({ process, type: "invoke", f, key: "x", ...fields });
const ok = (process: number, f: string, fields: object) => ({ process, type: "ok", f, ...fields });
const fresh = [
  invoke(1, "put", { value: "a" }),
  ok(1, "put", { kind: "stored", version: 4, created: true }),
  invoke(2, "get", {}),
  ok(2, "get", { kind: "found", value: "a", version: 4 }),
];
const stale = [
  ...fresh,
  invoke(1, "put", { value: "b" }),
  ok(1, "put", {}),
  invoke(2, "get", {}),
  ok(2, "get", { value: "a" }),
];

function save(name: string, lines: readonly object[]): string {
  const path = join(home, name);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return path;
}

test("a history that can be explained ends with 0, from a file or from stdin", async () => {
  const path = save("fresh.jsonl", fresh);

  const fromFile = await runQuorate(["check", "--model", "kv", path]);
  const fromStdin = spawnSync(quorate, ["check", "--model", "kv", "-"], {
    encoding: "utf8",
    input: readFileSync(path),
  });

  expect(fromFile).toMatchObject({ code: 0, stderr: "" });
  expect(fromFile.stdout).toMatch(/^linearizable as kv: 2 calls in 1 part, \d+ steps\n$/);
  expect([fromStdin.status, fromStdin.stdout]).toEqual([0, fromFile.stdout]);
});

test("one that cannot ends with 1, shows the call that fits nowhere, and draws it", async () => {
  const path = save("stale.jsonl", stale);
  const picture = join(home, "stale.html");

  const told = await runQuorate(["check", "--model", "kv", path, "--html", picture]);
  const json = await runQuorate(["check", "--model", "kv", path, "--json"]);

  expect(told.code).toBe(1);
  expect(told.stdout).toContain('not linearizable as kv, part x: no order explains get x -> "a"');
  expect(told.stdout).toContain('!  2  7 .. 8  get x -> "a"');
  expect(told.stderr).toBe(`a picture is in ${picture}\n`);
  expect(readFileSync(picture, "utf8")).toContain("<svg");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: "violation",
    model: "kv",
    part: "x",
    calls: 4,
    counterexample: [
      { client: "1", place: 1 },
      { client: "1", place: 2 },
      { client: "2", stuck: true },
    ],
  });
});

test("a search that meets its limit ends with 2, and says which", async () => {
  const path = save("limited.jsonl", stale);

  const { code, stdout } = await runQuorate(["check", "--model", "kv", path, "--steps-max", "2"]);

  expect(code).toBe(2);
  expect(stdout).toContain("unknown: the search of part x as kv met the limit of steps after 3 steps");
});

test("transactions are checked for what they must keep, and the cycle is told", async () => {
  const steps = [
    [
      ["r", "x", null],
      ["append", "y", 1],
    ],
    [
      ["r", "y", null],
      ["append", "x", 1],
    ],
    [
      ["r", "x", [1]],
      ["r", "y", [1]],
    ],
  ];
  const lines = steps.flatMap((value, process) => [
    { process, type: "invoke", f: "txn", value },
    { process, type: "ok", f: "txn", value },
  ]);
  const path = save("skew.jsonl", lines);
  const model = ["--model", "list-append"];

  const skewed = await runQuorate(["check", ...model, "--consistency", "serializable", path]);
  const isolated = await runQuorate(["check", ...model, "--consistency", "snapshot-isolation", path]);
  const json = await runQuorate(["check", ...model, path, "--json"]);
  const wrong = await runQuorate(["check", ...model, "--consistency", "perfect", path]);

  expect(skewed.code).toBe(1);
  expect(skewed.stdout).toMatch(/^not serializable: G2-item\n/);
  expect(skewed.stdout).toContain("So T1 came before itself: a contradiction.");
  expect([isolated.code, isolated.stdout]).toEqual([0, "snapshot-isolation: 3 transactions\n"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: "violation",
    not: ["repeatable-read", "strong-snapshot-isolation"],
  });
  expect(wrong.code).toBe(64);
});

test("the log of a Jepsen test is checked as it is", async () => {
  const path = join(home, "etcd.log");
  writeFileSync(
    path,
    ["0\t:invoke\t:write\t1", "0\t:ok\t:write\t1", "1\t:invoke\t:read\tnil", "1\t:ok\t:read\tnil"]
      .map((line) => `INFO  jepsen.util - ${line}\n`)
      .join(""),
  );

  const { code, stdout } = await runQuorate(["check", "--model", "register", path]);

  expect(code).toBe(1);
  expect(stdout).toContain("no order explains read -> null");
});

describe("what cannot be read ends with 64, and is named", () => {
  test.each([
    [["--model", "kv", "none.jsonl"], "cannot read none.jsonl"],
    [["--model", "kv", "bad.jsonl"], "line 2: is no JSON"],
    [["--model", "heap", "bad.jsonl"], "Allowed choices are register, kv, stack, set, queue, log"],
    [["bad.jsonl"], "required option '--model <name>' not specified"],
    [
      ["--model", "kv", "bad.jsonl", "--steps-max", "0"],
      "--steps-max must be a whole number from 1 to 1000000000000, not 0",
    ],
    [["--model", "kv", "bad.jsonl", "--timeout", "soon"], "--timeout must be a duration"],
  ])("%j", async (words, why) => {
    writeFileSync(join(home, "bad.jsonl"), `${JSON.stringify(fresh[0])}\n{\n`);

    const { code, stdout, stderr } = await runQuorate([
      "check",
      ...words.map((word) => (word === "bad.jsonl" ? join(home, word) : word)),
    ]);

    expect([code, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(why);
  });
});
