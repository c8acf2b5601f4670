import { describe, expect, test } from "vitest";
import { protobufConformance, schemaType } from "../../../../test/conformance/protobuf.ts";
import { arbitraryPaxosMessage } from "../../../../test/support/paxos-arbitraries.ts";
import { MalformedError } from "../../../base/errors.ts";
import { viewOf } from "../membership/configurations.ts";
import type { PaxosMessage } from "../messages.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf-codec.ts";

const noop = { term: 3, kind: "none", payload: new Uint8Array(0), client: 0, timestamp: 0 } as const;
const proposal: PaxosMessage = {
  ...({ kind: "proposal", epoch: 1, aru: 7, view: viewOf(1, 2), first: 8, ordered: 7, stable: 5 } as const),
  updates: [noop, noop, { term: 300, kind: "payload", payload: Uint8Array.of(1, 2), client: 9, timestamp: 4 }],
};

describe("Multi-Paxos's messages as Protocol Buffers", () => {
  const type = schemaType("multipaxos/v1/multipaxos.proto", "quorate.multipaxos.v1.Message");

  protobufConformance(type, {
    encode: encodeProtobuf,
    decode: decodeProtobuf,
    arbitrary: arbitraryPaxosMessage,
    numberOf: ({ aru }) => aru,
  });

  test("have the names of the schema", () => {
    const read = type.toObject(type.decode(encodeProtobuf(proposal)), { longs: Number, enums: String, oneofs: true });

    const updates = [{ count: 2 }, { term: 300, kind: "PAYLOAD", client: 9, timestamp: 4 }];
    const said = { view: viewOf(1, 2), first: 8, ordered: 7, stable: 5, updates: { updates } };
    expect(read).toMatchObject({ epochNext: 2, aru: 7, kind: "proposal", proposal: said });
  });

  test("look like this for ever", () => {
    const hex = Buffer.from(encodeProtobuf(proposal)).toString("hex");

    const updates = "0a0408033802" + "0a0d" + "08ac021001" + "1809" + "2004" + "2a020102";
    expect(hex).toBe(`080210073a2308828080801010081a15${updates}20072805`);
  });

  test("a row of more no-ops than a window holds is refused", () => {
    const many = type.encode({ epochNext: 1, clientUpdate: { updates: { updates: [{ count: 70_000 }] } } }).finish();

    expect(() => decodeProtobuf(Uint8Array.from(many))).toThrow(MalformedError);
  });
});
