import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Program } from "../support/processes.ts";

/** What each example says, line by line. */
const output: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "counter.ts": [/^n1 reads 16, \w+ of term \d+$/, /^n2 reads 16, \w+ of term \d+$/, /^n3 reads 16, \w+ of term \d+$/],
  "own-state.ts": ["red: 2, green: 1", "red: 2, green: 2"],
};

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

test.each(readdirSync(folder).filter((file) => file.endsWith(".ts")))("%s does what it says", async (file) => {
  const { code, stdout, stderr } = await new Program("--import", ["tsx", folder + file]).ended;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  const expected = output[file] ?? [];
  expect(lines).toHaveLength(expected.length);
  for (const [at, line] of lines.entries()) expect(line).toMatch(expected[at] ?? "");
});
