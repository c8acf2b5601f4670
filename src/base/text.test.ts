import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, jsonCodec } from "./bytes.ts";
import { compareUtf8, fromUtf8, parseUtf8, toUtf8 } from "./text.ts";

const texts = fc.string({ unit: "binary", maxLength: 90 });

test("texts come back as they were, a leading byte order mark included", () => {
  fc.assert(
    fc.property(texts, (text) => {
      for (const some of [text, `\uFEFF${text}`]) {
        const bytes = toUtf8(some);
        expect(fromUtf8(bytes)).toBe(some);
        expect(parseUtf8(bytes)).toBe(some);
        const written = new ByteWriter(1).byte(7).text(some).text("end").finish();
        const reader = new ByteReader(written.subarray(1));
        expect([reader.text(), reader.text(), reader.remaining]).toEqual([some, "end", 0]);
      }
    }),
  );
});

test("texts are ordered as their bytes are", () => {
  const near = fc.string({
    unit: fc.constantFrom("a", "\uD7FF", "\uE000", "\uFFFF", "\u{10000}", "\u{10FFFF}"),
    maxLength: 5,
  });
  fc.assert(
    fc.property(near, near, (left, right) => {
      const expected = Buffer.compare(toUtf8(left), toUtf8(right));
      expect(Math.sign(compareUtf8(left, right))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("JSON's codec carries undefined", () => {
  const codec = jsonCodec<number | undefined>();

  expect(codec.decode(codec.encode(undefined))).toBeUndefined();
  expect(codec.decode(codec.encode(1))).toBe(1);
});
