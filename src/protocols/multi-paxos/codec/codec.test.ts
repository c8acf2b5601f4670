import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryPaxosMessage, arbitraryPaxosRecord } from "../../../../test/support/paxos-arbitraries.ts";
import { noop, update } from "../../../../test/support/paxos-member.ts";
import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import type { PaxosMessage } from "../messages.ts";
import { decodeMessage, encodeMessage, messageBytesMax } from "./message-codec.ts";
import { decodeRecord, encodeRecord, recordKinds } from "./record-codec.ts";

/** Decodes, and wants a value or a `MalformedError`: what it is, encoded anew, if it is one. */
function reencoded(decode: () => Bytes): Bytes | undefined {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}

// Cloned, for the codec remembers how a list of updates was encoded.
const message = (bytes: Bytes) => reencoded(() => encodeMessage(structuredClone(decodeMessage(bytes))));
const record = (kind: number) => (bytes: Bytes) =>
  reencoded(() => encodeRecord(structuredClone(decodeRecord(kind, bytes))));

describe("messages", () => {
  test("each kind comes back as it was, for one group alone", () => {
    fc.assert(
      fc.property(arbitraryPaxosMessage, fc.nat(), fc.nat(), (sent, group, other) => {
        const bytes = encodeMessage(sent, group);
        expect(decodeMessage(bytes, group)).toEqual(sent);
        if (other !== group) expect(() => decodeMessage(bytes, other)).toThrow(MalformedError);
      }),
      { numRuns: 1000 },
    );
  });

  test("every message that is cut short, or has bytes too many, is malformed", () => {
    fc.assert(
      fc.property(arbitraryPaxosMessage, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (sent, cut, more) => {
        const bytes = encodeMessage(sent);
        expect(() => decodeMessage(bytes.subarray(0, cut % bytes.length))).toThrow(MalformedError);
        expect(() => decodeMessage(new Uint8Array([...bytes, ...more]))).toThrow(MalformedError);
      }),
      { numRuns: 500 },
    );
  });

  test("a message with one byte changed is malformed or another message, which encodes to those very bytes", () => {
    fc.assert(
      fc.property(arbitraryPaxosMessage, fc.nat(), fc.nat(255), (sent, place, value) => {
        const bytes = Uint8Array.from(encodeMessage(sent));
        bytes[place % bytes.length] = value;
        expect(message(bytes) ?? bytes).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test("random bytes are malformed or a message, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), fc.nat(20), (bytes, isFramed, kind) => {
        const framed = isFramed ? Uint8Array.from([1, 0, kind, ...bytes]) : bytes;
        expect(message(framed) ?? framed).toEqual(framed);
      }),
      { numRuns: 2000 },
    );
  });

  test("a window of no-ops is written once, with its count", () => {
    const updates = [update("x", 1), ...Array.from({ length: 1000 }, () => noop(3)), noop(4), update("y", 2)];
    const proposal: PaxosMessage = {
      ...{ kind: "proposal", view: 4, first: 9, updates, ordered: 8, stable: 8, epoch: 0, aru: 8 },
    };
    const bytes = encodeMessage(proposal);

    expect(bytes.length).toBeLessThan(60);
    expect(decodeMessage(bytes)).toEqual(proposal);
  });

  test("a message over the limit is refused before it is read", () => {
    expect(() => decodeMessage(new Uint8Array(messageBytesMax + 1))).toThrow("a message of 16777217");
  });

  test.each([
    ["of another version", [2, 0, 2, 1, 0, 1]],
    ["of an unknown kind", [1, 0, 99, 1, 0]],
    ["with an update of nobody", [1, 0, 4, 1, 0, 1, 1, 6, 1, 1, 1, 0, 1, 0, 0, 0]],
    ["with no-ops counted apart", [1, 0, 4, 1, 0, 1, 1, 6, 1, 0, 1, 1, 0, 1, 0, 0]],
    ["with a payload counted twice", [1, 0, 4, 1, 0, 1, 1, 6, 2, 1, 1, 1, 1, 0, 0, 0]],
  ])("a message %s is malformed", (_what, bytes) => {
    expect(() => decodeMessage(Uint8Array.from(bytes))).toThrow(MalformedError);
  });
});

describe("records", () => {
  test("each kind comes back as it was", () => {
    fc.assert(
      fc.property(arbitraryPaxosRecord, (stored) => {
        const back = decodeRecord(recordKinds.indexOf(stored.kind), encodeRecord(stored));
        expect(back).toEqual(stored);
      }),
      { numRuns: 1000 },
    );
  });

  test("a record that is cut short, changed or random is malformed or another record, and nothing else", () => {
    const any = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(arbitraryPaxosRecord, fc.nat(), fc.nat(255), any, (stored, place, value, random) => {
        const kind = recordKinds.indexOf(stored.kind);
        const bytes = Uint8Array.from(encodeRecord(stored));
        const cut = bytes.slice(0, place % bytes.length);
        bytes[place % bytes.length] = value;
        for (const each of [cut, bytes, random]) expect(record(kind)(each) ?? each).toEqual(each);
      }),
      { numRuns: 1000 },
    );
  });

  test("a record of an unknown kind or version is malformed", () => {
    expect(() => decodeRecord(recordKinds.length, Uint8Array.of(1, 0, 1))).toThrow(MalformedError);
    expect(() => decodeRecord(0, Uint8Array.of(3, 0, 1))).toThrow("format version 3");
  });
});
