import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Program } from "../support/processes.ts";

/** What each example says, line by line. */
const output: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "counter.ts": [/^n1 reads 16, \w+ of term \d+$/, /^n2 reads 16, \w+ of term \d+$/, /^n3 reads 16, \w+ of term \d+$/],
  "group.ts": [
    "delivered at 1 and 2",
    "the newcomer has 2 of 2, in a view of 3",
    "delivered at 3",
    "the same everywhere: true",
  ],
  "maelstrom-broadcast.ts": [], // says nothing until it is spoken to, as maelstrom.test.ts does
  "own-state.ts": ["red: 2, green: 1", "red: 2, green: 2"],
  "simulated-core.ts": [/^200 worlds, \d+ faults, \d+ checks, all right$/],
  "simulated-machine.ts": [/^40 worlds, \d+ faults, \d+ calls answered, all right$/],
};

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "examples");
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-examples-"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each(readdirSync(folder).filter((file) => file.endsWith(".ts")))("%s does what it says", async (file) => {
  const { code, stdout, stderr } = await new Program("--import", ["tsx", join(folder, file)]).ended;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n").slice(0, -1);
  const expected = output[file] ?? [""];
  expect(lines).toHaveLength(expected.length);
  for (const [at, line] of lines.entries()) expect(line).toMatch(expected[at] ?? "");
});

test("the page for users of the library shows a program that compiles, runs, and says what its comments say", async () => {
  const page = readFileSync(join(root, "docs/library.md"), "utf8");
  const program = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code).join("\n");
  const said = [...program.matchAll(/console\.log\(.*\/\/ ([^,\n]+)/g)].map(([, text]) => text);
  const file = join(home, "program.mts");
  writeFileSync(file, `process.chdir(${JSON.stringify(home)});\n${program}`);
  mkdirSync(join(home, "node_modules"));
  symlinkSync(root, join(home, "node_modules/quorate")); // as an install would
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  const options = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    ...types,
  ];

  const compiled = await new Program(join(root, "node_modules/typescript/bin/tsc"), [...options, file]).ended;
  const ran = await new Program("--import", ["tsx", file]).ended;

  expect(compiled.stdout).toBe("");
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
  expect(ran.stdout.trimEnd().split("\n")).toEqual(said);
  expect(said.length).toBeGreaterThan(5);
});
