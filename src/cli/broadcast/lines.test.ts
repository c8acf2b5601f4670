import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";

async function lines(chunks: readonly (Buffer | string)[], bytesMax = 1000): Promise<string[]> {
  const found: string[] = [];
  const input = (async function* () {
    yield* chunks;
  })();
  for await (const line of linesOf(input, bytesMax)) found.push(line);
  return found;
}

test("lines come out whole, however their bytes arrive, with or without a last end", async () => {
  const words = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, "")));

  await fc.assert(
    fc.asyncProperty(words, fc.nat({ max: 7 }), fc.boolean(), async (expected, size, isEnded) => {
      const bytes = Buffer.from(expected.map((line) => `${line}\n`).join(""));
      const whole = isEnded || expected.at(-1) === "" ? bytes : bytes.subarray(0, -1);
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size + 1) chunks.push(whole.subarray(at, at + size + 1));

      expect(await lines(chunks)).toEqual(expected);
    }),
  );
});

test("line ends of Windows are no part of a line", async () => {
  expect(await lines(["a\r\nb\r\n"])).toEqual(["a", "b"]);
});

test("a line that never ends is given up before it fills the memory", async () => {
  await expect(lines(["xxxx", "xxxx", "xxxx"], 10)).rejects.toThrow("a line has more than 10 bytes");
});
