import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, binaryCodec, bytesCodec, jsonCodec } from "./bytes.ts";
import { MalformedError } from "./errors.ts";

const whole = fc.oneof(fc.nat(300), fc.maxSafeNat());

test("what is written is read back, in order and to the end", () => {
  const part = fc.oneof(
    fc.record({ kind: fc.constant("byte" as const), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("varint" as const), value: whole }),
    fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 100 }) }),
    fc.record({ kind: fc.constant("text" as const), value: fc.string({ unit: "binary", maxLength: 100 }) }),
  );
  fc.assert(
    fc.property(fc.array(part), fc.nat(10), (parts, bytesExpected) => {
      const writer = new ByteWriter(bytesExpected);
      for (const { kind, value } of parts) {
        if (kind === "byte") writer.byte(value);
        else if (kind === "varint") writer.varint(value);
        else if (kind === "bytes") writer.bytes(value);
        else writer.text(value);
      }
      const bytes = writer.finish();
      expect(bytes.length).toBe(writer.length);
      const reader = new ByteReader(bytes);
      expect(parts.map(({ kind }) => reader[kind]())).toEqual(parts.map(({ value }) => value));
      reader.finish();
    }),
  );
});

test.each([
  [0, [0]],
  [127, [0x7f]],
  [128, [0x80, 1]],
  [2 ** 28 - 1, [0xff, 0xff, 0xff, 0x7f]],
  [2 ** 28, [0x80, 0x80, 0x80, 0x80, 1]],
  [2 ** 31, [0x80, 0x80, 0x80, 0x80, 8]],
  [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
])("a number is written in as few bytes as it needs: %i", (value, bytes) => {
  expect([...new ByteWriter().varint(value).finish()]).toEqual(bytes);
  expect(new ByteReader(Uint8Array.from(bytes)).varint()).toBe(value);
});

test("what is written behind its size is read back as bytes, whatever their size, also inside of such", () => {
  const size = fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 1015, 1024, 16_383, 16_384));
  fc.assert(
    fc.property(size, size, (inner, outer) => {
      const [small, large] = [new Uint8Array(inner).fill(1), new Uint8Array(outer).fill(2)];
      const writer = new ByteWriter().byte(7);
      writer.sized(() => writer.sized(() => writer.raw(small)).raw(large)).byte(8);

      const reader = new ByteReader(writer.finish());
      expect(reader.byte()).toBe(7);
      const content = new ByteReader(reader.bytes());
      expect(content.bytes()).toEqual(small);
      expect(content.raw(content.remaining)).toEqual(large);
      expect(reader.byte()).toBe(8);
      reader.finish();
    }),
  );
});

test.each([
  ["ends too early", [0x80]],
  ["is padded", [0x80, 0]],
  ["is too long", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["is over 9007199254740991", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10]],
])("a number that %s is malformed", (what, bytes) => {
  const read = () => new ByteReader(Uint8Array.from(bytes)).varint();

  expect(read).toThrow(MalformedError);
  expect(read).toThrow(what);
});

test("limits given to a reader hold, and bytes left over are malformed", () => {
  const bytes = new ByteWriter().bytes(Uint8Array.of(1, 2, 3)).finish();

  expect(() => new ByteReader(bytes).bytes(2)).toThrow(MalformedError);
  expect(() => new ByteReader(bytes).varint(2)).toThrow("over 2");
  expect(() => new ByteReader(bytes).raw(5)).toThrow("ends too early");
  expect(() => new ByteReader(bytes).finish()).toThrow("4 bytes too many");
  expect(() => new ByteReader(Uint8Array.of(1, 0xff)).text()).toThrow("not UTF-8");
});

test("bytes that are read are a view of a long input, not a copy", () => {
  const input = new ByteWriter().bytes(new Uint8Array(100)).finish();

  expect(new ByteReader(input).bytes().buffer).toBe(input.buffer);
});

test("what one writer has made does not change when others write, be it finished before them or after", () => {
  const outer = new ByteWriter().text("outer");
  const inner = new ByteWriter().text("inner").finish();
  const whole = outer.bytes(inner).finish();
  new ByteWriter().text("overwritten").finish();

  const reader = new ByteReader(whole);
  expect([reader.text(), new ByteReader(reader.bytes()).text()]).toEqual(["outer", "inner"]);
});

test("a codec refuses bytes left over, and JSON that is none", () => {
  const codec = binaryCodec<number>(
    (writer, value) => void writer.varint(value),
    (reader) => reader.varint(),
  );

  expect(codec.decode(codec.encode(300))).toBe(300);
  expect(() => codec.decode(Uint8Array.of(1, 1))).toThrow(MalformedError);
  expect(() => jsonCodec().decode(Uint8Array.of(0x7b))).toThrow(MalformedError);
  expect(bytesCodec.decode(bytesCodec.encode(Uint8Array.of(9)))).toEqual(Uint8Array.of(9));
});
