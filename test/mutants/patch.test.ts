import { expect, test } from "vitest";
import { applyHunks, parsePatch } from "./patch.ts";

const text = `Forgets to add one.

Counted from nought, as programmers do.
--- a/src/count.ts
+++ b/src/count.ts
@@
 function count(n: number) {
-  return n + 1;
+  return n;
 }
`;
const source = "// first\nfunction count(n: number) {\n  return n + 1;\n}\n// last\n";

test("a patch tells its story and changes what it names", () => {
  const { story, files } = parsePatch(text);

  expect(story).toBe("Forgets to add one.\n\nCounted from nought, as programmers do.");
  expect([...files.keys()]).toEqual(["src/count.ts"]);
  expect(applyHunks("src/count.ts", source, files.get("src/count.ts") ?? [])).toBe(
    "// first\nfunction count(n: number) {\n  return n;\n}\n// last\n",
  );
});

test("a patch whose place is gone, or stands there twice, is refused", () => {
  const hunks = parsePatch(text).files.get("src/count.ts") ?? [];

  expect(() => applyHunks("src/count.ts", "// nothing\n", hunks)).toThrow("0 times");
  expect(() => applyHunks("src/count.ts", source + source, hunks)).toThrow("2 times");
});

test("what is no patch is refused", () => {
  expect(() => parsePatch("words alone\n")).toThrow("a story and changes");
  expect(() => parsePatch("words\n--- a/x.ts\n+++ b/x.ts\n")).toThrow("not a unified diff");
});
