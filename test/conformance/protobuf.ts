import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadSync, type Type } from "protobufjs";
import { expect, test } from "vitest";
import type { Bytes } from "../../src/base/bytes.ts";
import { MalformedError } from "../../src/base/errors.ts";

/** A protocol's messages as Protocol Buffers. */
export interface ProtobufCodec<Message> {
  readonly encode: (message: Message) => Bytes;
  readonly decode: (bytes: Bytes) => Message;
  readonly arbitrary: fc.Arbitrary<Message>;
  /** Some number that every message has, from 0. */
  readonly numberOf: (message: Message) => number;
}

/** A type of a schema under proto/, as protobufjs knows it. */
export function schemaType(path: string, name: string): Type {
  return loadSync(fileURLToPath(new URL(`../../proto/quorate/${path}`, import.meta.url))).lookupType(name);
}

/** What is owed to members in another language, and to any bytes; `type`: the message's, by the schema. */
export function protobufConformance<Message>(
  type: Type,
  { encode, decode, arbitrary, numberOf }: ProtobufCodec<Message>,
): void {
  test("come out as they went in", () => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        expect(decode(encode(message))).toEqual(message);
      }),
      { numRuns: 1000 },
    );
  });

  test("mean the same to a library, by the schema: what it reads and writes anew is the same message", () => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        const read = type.decode(encode(message));
        expect(type.verify(read)).toBe(null);
        expect(decode(Uint8Array.from(type.encode(read).finish()))).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  test("of any bytes, and any change of true ones, are a message or a MalformedError", () => {
    const changed = fc
      .tuple(arbitrary, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }))
      .map(([message, changes]) => {
        const bytes = Uint8Array.from(encode(message));
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });

    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(numberOf(decode(bytes))).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 2000 },
    );
  });
}
