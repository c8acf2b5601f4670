import fc from "fast-check";
import { expect, test } from "vitest";
import { codecOf, type Encoding } from "./encodings.ts";

test.each<[Encoding, fc.Arbitrary<unknown>]>([
  ["bytes", fc.uint8Array()],
  ["string", fc.string({ unit: "binary" })],
  ["json", fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)],
])("what goes out as %s comes back the same", (encoding, values) => {
  const codec = codecOf(encoding);

  fc.assert(
    fc.property(values, (value) => {
      expect(codec.decode(codec.encode(value))).toEqual(value);
    }),
  );
});

test.each<[Encoding, unknown]>([
  ["bytes", "text"],
  ["string", 7],
  ["json", undefined],
  ["json", () => 1],
  ["json", 1n],
])("%s refuses what it cannot say, whatever the types said: %o", (encoding, value) => {
  expect(() => codecOf(encoding).encode(value)).toThrow(expect.objectContaining({ code: "QUORATE_OPTION" }));
});

test.each<[Encoding, number[]]>([
  ["string", [0xff]],
  ["json", [0x7b]],
])("bytes that are no %s are malformed", (encoding, bytes) => {
  expect(() => codecOf(encoding).decode(Uint8Array.from(bytes))).toThrow(
    expect.objectContaining({ code: "QUORATE_MALFORMED" }),
  );
});

test("bytes are the sender's own again as soon as they are encoded", () => {
  const value = Uint8Array.of(1, 2, 3);

  const sent = codecOf("bytes").encode(value);
  value.fill(9);

  expect([...sent]).toEqual([1, 2, 3]);
});
