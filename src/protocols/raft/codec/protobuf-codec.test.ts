import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryMessage } from "../../../../test/support/raft-arbitraries.ts";
import { MalformedError } from "../../../base/errors.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf-codec.ts";

describe("Raft's messages as Protocol Buffers", () => {
  test("come out as they went in", () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        expect(decodeProtobuf(encodeProtobuf(message))).toEqual(message);
      }),
      { numRuns: 1000 },
    );
  });

  test("look like this for ever", () => {
    const hex = Buffer.from(
      encodeProtobuf({
        kind: "append",
        term: 300,
        previous: { index: 7, term: 2 },
        commit: 6,
        entries: [
          { term: 299, kind: "none", payload: new Uint8Array(0) },
          { term: 300, kind: "payload", payload: Uint8Array.of(1, 2) },
        ],
        session: 5,
      }),
    ).toString("hex");

    expect(hex).toBe("08ac02321a0a04080710021006" + "1a0308ab02" + "1a0908ac0210011a020102" + "2005");
  });

  test("pass over fields of a later release", () => {
    const known = encodeProtobuf({ kind: "removed", term: 3, index: 4 });
    const later = Uint8Array.of(0xf8, 0x07, 1, 0xa2, 0x06, 1, 9, 0x25, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8);

    expect(decodeProtobuf(Buffer.concat([later, known]))).toEqual({ kind: "removed", term: 3, index: 4 });
  });

  test("of any bytes, and any change of true ones, are a message or a MalformedError", () => {
    const changed = fc
      .tuple(arbitraryMessage, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }))
      .map(([message, changes]) => {
        const bytes = Uint8Array.from(encodeProtobuf(message));
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });

    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(decodeProtobuf(bytes).term).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
