import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadSync, type Type } from "protobufjs";
import { describe, expect, test } from "vitest";
import { arbitraryMessage } from "../../../../test/support/raft-arbitraries.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf-codec.ts";

const schema = fileURLToPath(new URL("../../../../proto/quorate/raft/v1/raft.proto", import.meta.url));

describe("Raft's messages, by the schema and by a library", () => {
  const type: Type = loadSync(schema).lookupType("quorate.raft.v1.Message");

  test("mean the same to it: what it reads and writes anew is the same message", () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        const read = type.decode(encodeProtobuf(message));
        expect(type.verify(read)).toBe(null);
        expect(decodeProtobuf(Uint8Array.from(type.encode(read).finish()))).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  test("have the names of the schema", () => {
    const bytes = encodeProtobuf({
      kind: "heartbeatReply",
      term: 9,
      round: 8,
      match: 7,
      missing: true,
      session: 6,
      clock: 0,
    });

    const read = type.toObject(type.decode(bytes), { longs: Number, oneofs: true });

    const reply = { round: 8, match: 7, missing: true, session: 6, clock: 0 };
    expect(read).toMatchObject({ term: 9, kind: "heartbeatReply", heartbeatReply: reply });
  });
});
