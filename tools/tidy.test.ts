import { expect, test } from "vitest";
import { docstrings, errorPages, localLinks, readmeCommands, sourceReferences } from "./rules/docs.ts";
import { lockHosts, lockPlatforms } from "./rules/lock.ts";
import { fileLength, folderSize, names, protocolReadme } from "./rules/names.ts";
import type { Rule } from "./rules/rule.ts";
import { leftToDo, lineLength, machinePaths, silentTests } from "./rules/text.ts";

type Files = Readonly<Record<string, string>>;

/** Where the rule finds a fault, as `file:line`. */
function places(rule: Rule, files: Files): string[] {
  return [...rule(new Map(Object.entries(files)))].map(({ file, line }) => `${file}:${line}`);
}

const long = "x".repeat(121);
const later = ["TO", "DO"].join("");
const registry = ["https://registry", "example"].join(".");

const claims: readonly [claim: string, rule: Rule, good: Files, bad: Files, expected: readonly string[]][] = [
  [
    "source files have at most 400 lines",
    fileLength,
    { "src/a.ts": "\n".repeat(400), "docs/a.md": "\n".repeat(401) },
    { "src/a.ts": "\n".repeat(401) },
    ["src/a.ts:401"],
  ],
  [
    "folders have at most 12 source files, tests not counted",
    folderSize,
    { ...numbered(12), "src/a/1.test.ts": "", "src/a/deep/1.ts": "" },
    numbered(13),
    ["src/a:1"],
  ],
  [
    "names are in kebab-case and say something",
    names,
    { "src/a/read-index.long.test.ts": "", "src/protocols/raft/README.md": "", "CHANGELOG.md": "" },
    { "src/readIndex.ts": "", "src/utils.ts": "", "test/helpers/x.ts": "", "src/types.test.ts": "" },
    ["src/readIndex.ts:1", "src/utils.ts:1", "test/helpers/x.ts:1", "src/types.test.ts:1"],
  ],
  [
    "each protocol folder has a README",
    protocolReadme,
    { "src/protocols/raft/a.ts": "", "src/protocols/raft/README.md": "", "src/protocols/core.ts": "" },
    { "src/protocols/raft/a.ts": "" },
    ["src/protocols/raft/README.md:1"],
  ],
  [
    "lines have at most 120 columns, but for tables, addresses and texts in quotes",
    lineLength,
    { "a.md": `| ${long}\nhttps://${long}`, "a.ts": `throw new Error("${long}");` },
    { "a.md": long, "a.ts": `ok\n// "${long}"` },
    ["a.md:1", "a.ts:2"],
  ],
  [
    "what is left to do has an issue",
    leftToDo,
    { "a.ts": `// ${later}(#12): more`, "a.md": later },
    { "a.ts": `\n// ${later}: more` },
    ["a.ts:2"],
  ],
  [
    "a test that does not run says why",
    silentTests,
    {
      "a.test.ts": 'test.skip("x", () => {\n  // no tmpfs here\n});\ntest.todo("y"); // needs leases',
      "b.test.ts": "test.skipIf(true)",
    },
    { "a.test.ts": 'test.skip("x", () => {});\n\n  describe.only("y", () => { // why\n' },
    ["a.test.ts:1", "a.test.ts:3"],
  ],
  [
    "nothing names a machine or a registry",
    machinePaths,
    { "a.md": "src/work/x docs/home/y ~/work/z https://npmjs.com/package/quorate" },
    {
      "a.md": ["work", "root", "home"].map((name) => `in "/${name}/x"`).join("\n"),
      "b.sh": registry,
    },
    ["a.md:1", "a.md:2", "a.md:3", "b.sh:1"],
  ],
  [
    "exported names have docstrings, overloads one for all",
    docstrings,
    {
      "src/a.ts":
        "/** A. */\nexport function a(): void;\nexport function a(b?: 1): void {}\nexport { b } from './b.ts';",
      "src/b.ts": "/** B. */\n// biome-ignore lint/x: y\nexport const b = 1;",
      "src/b.test.ts": "export const b = 1;",
    },
    {
      "src/a.ts":
        "// A.\nexport const a = 1;\n\nexport abstract class B {}\nexport type C = 1;\nexport async function d() {}",
    },
    ["src/a.ts:2", "src/a.ts:4", "src/a.ts:5", "src/a.ts:6"],
  ],
  [
    "the README shows how to start and how to test",
    readmeCommands,
    { "README.md": "npm ci && npm start\nnpm ci && npm test" },
    { "README.md": "npm start" },
    ["README.md:1", "README.md:1"],
  ],
  [
    "error codes and the sections of docs/errors.md are the same",
    errorPages,
    {
      "docs/errors.md": "# Errors\n\n## QUORATE_A\n",
      "src/a.ts": 'code = "QUORATE_A";',
      "src/cli/a.ts": 'env["QUORATE_PORT"]',
      "src/a.test.ts": '"QUORATE_OTHER"',
    },
    { "docs/errors.md": "\n## QUORATE_A", "src/a.ts": '\n"QUORATE_B"', "src/cli/a.ts": 'code = "QUORATE_C"' },
    ["src/a.ts:2", "src/cli/a.ts:1", "docs/errors.md:2"],
  ],
  [
    "local links lead somewhere",
    localLinks,
    {
      "docs/a.md": "[b](../b.md#part) [c](../src/) [d](https://x.org) [e](#e)\n```\n[f](x)\n```",
      "b.md": "",
      "src/c.ts": "",
    },
    { "docs/a.md": "\n[b](b.md)", "b.md": "" },
    ["docs/a.md:2"],
  ],
  [
    "references into the source are right",
    sourceReferences,
    {
      "docs/protocols/raft.md": "`raft/log.ts:append`, `log.ts:#cut` and `log.ts:Log`",
      "src/protocols/raft/log.ts": "export class Log {\n  append(): void {}\n  #cut(): void {}\n}",
    },
    { "docs/protocols/raft.md": "`raft/log.ts:appendix`\n`log.ts:x`", "src/protocols/raft/log.ts": "append()" },
    ["docs/protocols/raft.md:1", "docs/protocols/raft.md:2"],
  ],
  [
    "the lock names no host",
    lockHosts,
    { "package-lock.json": '{\n"packages": {} }' },
    { "package-lock.json": `{\n"resolved": "${registry}` },
    ["package-lock.json:2"],
  ],
  [
    "the lock has an entry for every platform",
    lockPlatforms,
    { "package-lock.json": lock({ a: { optionalDependencies: { b: "1" } }, "c/node_modules/b": {} }) },
    { "package-lock.json": lock({ a: { optionalDependencies: { b: "1" } } }) },
    ["package-lock.json:1"],
  ],
];

test.each(claims)("%s", (_claim, rule, good, bad, expected) => {
  expect(places(rule, good)).toEqual([]);
  expect(places(rule, bad)).toEqual(expected);
});

function numbered(count: number): Files {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`src/a/${index}.ts`, ""]));
}

function lock(packages: Readonly<Record<string, object>>): string {
  return JSON.stringify({
    packages: Object.fromEntries(Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry])),
  });
}
