import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Handler, replayDirectory, replayFile } from "./datadriven.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-stories-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

const sum: Handler = ({ command, args, input }) => {
  if (command === "echo") return input;
  if (command === "gap") return "a\n\nb";
  if (command !== "sum") throw new Error(`unknown command ${command}`);
  return String(Number(args.get("a")) + Number(args.get("b") ?? 0));
};

function story(text: string): string {
  const path = join(directory, "story.txt");
  writeFileSync(path, text);
  return path;
}

replayDirectory(new URL("./testdata/", import.meta.url), () => {
  let total = 0; // a story has a handler of its own: its state is not the next story's
  return ({ command, args, input }) => {
    if (command === "say") return `${args.get("text")}${args.has("loud") ? "!" : ""}`;
    if (command === "lines") return String(input.split("\n").length);
    total += Number(args.get("by"));
    return String(total);
  };
});

test("a right answer passes and leaves the file as it is", async () => {
  const text = "# Two and two.\nsum a=2 b=2\n----\n4\n";
  const path = story(text);

  await replayFile(path, sum, false);
  await replayFile(path, sum, true);

  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a wrong answer fails with a diff and leaves the file as it is", async () => {
  const text = "sum a=2 b=2\n----\n5\n";
  const path = story(text);

  await expect(replayFile(path, sum, false)).rejects.toMatchObject({
    actual: "sum a=2 b=2\n----\n4\n",
    expected: text,
  });

  expect(readFileSync(path, "utf8")).toBe(text);
});

test("an update rewrites answers and keeps comments, inputs and blank lines", async () => {
  const path = story("# One.\nsum a=1\n----\n\n\n# Two.\necho\nx\ny\n----\nold\nolder\n");

  await replayFile(path, sum, true);

  expect(readFileSync(path, "utf8")).toBe("# One.\nsum a=1\n----\n1\n\n\n# Two.\necho\nx\ny\n----\nx\ny\n");
});

test.each([
  ["sum a=1\n", "story.txt:1: no ---- after this command"],
  ["sum a=1\n\nsum a=2\n----\n2\n", "story.txt:1: no ---- after this command"],
  ["\nsum a=1 a=2\n----\n1\n", "story.txt:2: a is given twice"],
  ["jump\n----\n", "story.txt:1: unknown command jump"],
  ["gap\n----\n", "story.txt:1: an answer cannot hold a blank line"],
])("a story that cannot be told names its line: %j", async (text, problem) => {
  await expect(replayFile(story(text), sum, true)).rejects.toThrow(problem);
});

test("a directory without stories is an error, not a pass", () => {
  expect(() => replayDirectory(pathToFileURL(`${directory}/`), () => sum)).toThrow("no stories");
});
