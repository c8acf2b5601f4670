import { describe, expect, test } from "vitest";
import { protobufConformance, schemaType } from "../../../../test/conformance/protobuf.ts";
import { arbitraryMessage } from "../../../../test/support/raft-arbitraries.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf-codec.ts";

describe("Raft's messages as Protocol Buffers", () => {
  const type = schemaType("raft/v1/raft.proto", "quorate.raft.v1.Message");

  protobufConformance(type, {
    encode: encodeProtobuf,
    decode: decodeProtobuf,
    arbitrary: arbitraryMessage,
    numberOf: ({ term }) => term,
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
});
