import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryGenesis, arbitraryMessage } from "../../../../test/support/total-order-arbitraries.ts";
import { type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { decodeGenesis, encodeGenesis } from "./genesis-codec.ts";
import { decodeMessage, encodeMessage, messageBytesMax } from "./message-codec.ts";

/** Decodes, and wants a value or a `MalformedError`: what it is, encoded anew, if it is one. */
function reencoded(decode: () => Bytes): Bytes | undefined {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}

const message = (bytes: Bytes) => reencoded(() => encodeMessage(decodeMessage(bytes)));
const genesis = (bytes: Bytes) => reencoded(() => encodeGenesis(decodeGenesis(bytes)));

describe("messages", () => {
  test("each kind comes back as it was", () => {
    fc.assert(
      fc.property(arbitraryMessage, (sent) => {
        expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  test("a message is for one group, and another group refuses it", () => {
    fc.assert(
      fc.property(arbitraryMessage, fc.nat(), fc.nat(), (sent, group, other) => {
        const bytes = encodeMessage(sent, group);
        expect(decodeMessage(bytes, group)).toEqual(sent);
        if (other !== group) expect(() => decodeMessage(bytes, other)).toThrow(MalformedError);
      }),
    );
  });

  test("every message that is cut short, or has bytes too many, is malformed", () => {
    fc.assert(
      fc.property(arbitraryMessage, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (sent, cut, more) => {
        const bytes = encodeMessage(sent);
        expect(() => decodeMessage(bytes.subarray(0, cut % bytes.length))).toThrow(MalformedError);
        expect(() => decodeMessage(new Uint8Array([...bytes, ...more]))).toThrow(MalformedError);
      }),
      { numRuns: 150 },
    );
  });

  test("a message with one byte changed is malformed or another message, which encodes to those very bytes", () => {
    fc.assert(
      fc.property(arbitraryMessage, fc.nat(), fc.nat(255), (sent, place, value) => {
        const bytes = Uint8Array.from(encodeMessage(sent));
        bytes[place % bytes.length] = value;
        expect(message(bytes) ?? bytes).toEqual(bytes);
      }),
      { numRuns: 400 },
    );
  });

  test("random bytes are malformed or a message, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), fc.nat(15), (bytes, isFramed, kind) => {
        const framed = isFramed ? Uint8Array.from([1, 0, kind, 3, 97, 35, 49, 1, 1, ...bytes]) : bytes;
        expect(message(framed) ?? framed).toEqual(framed);
      }),
      { numRuns: 800 },
    );
  });

  test("a message that claims more than it holds allocates nothing for it", () => {
    const huge = 2 ** 40;
    const begun = (kind: number) => new ByteWriter().byte(1).varint(0).byte(kind).text("a#1").varint(1).varint(1);
    const claims = [
      begun(0).varint(9).varint(9).varint(huge),
      begun(2).varint(1).text("a").varint(huge),
      begun(7).text("a#1").varint(1).varint(huge),
      begun(10).varint(1).varint(0).varint(huge),
    ];

    for (const claim of claims) expect(() => decodeMessage(claim.finish())).toThrow(MalformedError);
  });

  test("a message over the limit is refused before it is read", () => {
    expect(() => decodeMessage(new Uint8Array(messageBytesMax + 1))).toThrow("malformed input: a message of 16777217");
  });

  test.each([
    ["of another version", new ByteWriter().byte(2).varint(0).byte(6)],
    ["of an unknown kind", new ByteWriter().byte(1).varint(0).byte(12)],
    ["from incarnation 0", new ByteWriter().byte(1).varint(0).byte(11).text("a#1").varint(1).varint(0).varint(1)],
    [
      "of a node without a name",
      new ByteWriter().byte(1).varint(0).byte(4).text("a#1").varint(1).varint(1).varint(1).text(""),
    ],
    [
      "with a ballot of round 0",
      new ByteWriter().byte(1).varint(0).byte(4).text("a#1").varint(1).varint(1).varint(0).text("a"),
    ],
  ])("a message %s is malformed", (_what, writer) => {
    expect(() => decodeMessage(writer.finish())).toThrow(MalformedError);
  });
});

describe("what a seed stores", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(arbitraryGenesis, (stored) => {
        expect(decodeGenesis(encodeGenesis(stored))).toEqual(stored);
      }),
    );
  });

  test("cut short, changed or random it is malformed or another record, and nothing else", () => {
    fc.assert(
      fc.property(
        arbitraryGenesis,
        fc.nat(),
        fc.nat(255),
        fc.uint8Array({ maxLength: 60 }),
        (stored, place, value, any) => {
          const bytes = Uint8Array.from(encodeGenesis(stored));
          const cut = bytes.slice(0, place % bytes.length);
          bytes[place % bytes.length] = value;
          expect(genesis(cut)).toBeUndefined();
          for (const each of [bytes, any]) expect(genesis(each) ?? each).toEqual(each);
        },
      ),
      { numRuns: 150 },
    );
  });
});
