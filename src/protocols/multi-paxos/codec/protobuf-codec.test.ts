import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadSync, type Type } from "protobufjs";
import { describe, expect, test } from "vitest";
import { arbitraryPaxosMessage } from "../../../../test/support/paxos-arbitraries.ts";
import { MalformedError } from "../../../base/errors.ts";
import { viewOf } from "../membership/configurations.ts";
import type { PaxosMessage } from "../messages.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf-codec.ts";

const schema = fileURLToPath(new URL("../../../../proto/quorate/multipaxos/v1/multipaxos.proto", import.meta.url));

const noop = { term: 3, kind: "none", payload: new Uint8Array(0), client: 0, timestamp: 0 } as const;
const proposal: PaxosMessage = {
  ...({ kind: "proposal", epoch: 1, aru: 7, view: viewOf(1, 2), first: 8, ordered: 7, stable: 5 } as const),
  updates: [noop, noop, { term: 300, kind: "payload", payload: Uint8Array.of(1, 2), client: 9, timestamp: 4 }],
};

describe("Multi-Paxos's messages as Protocol Buffers", () => {
  const type: Type = loadSync(schema).lookupType("quorate.multipaxos.v1.Message");

  test("come out as they went in", () => {
    fc.assert(
      fc.property(arbitraryPaxosMessage, (message) => {
        expect(decodeProtobuf(encodeProtobuf(message))).toEqual(message);
      }),
      { numRuns: 1000 },
    );
  });

  test("mean the same to a library, by the schema: what it reads and writes anew is the same message", () => {
    fc.assert(
      fc.property(arbitraryPaxosMessage, (message) => {
        const read = type.decode(encodeProtobuf(message));
        expect(type.verify(read)).toBe(null);
        expect(decodeProtobuf(Uint8Array.from(type.encode(read).finish()))).toEqual(message);
      }),
      { numRuns: 500 },
    );
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

  test("of any bytes, and any change of true ones, are a message or a MalformedError", () => {
    const changed = fc
      .tuple(arbitraryPaxosMessage, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }))
      .map(([message, changes]) => {
        const bytes = Uint8Array.from(encodeProtobuf(message));
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });

    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(decodeProtobuf(bytes).aru).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a row of more no-ops than a window holds is refused", () => {
    const many = type.encode({ epochNext: 1, clientUpdate: { updates: { updates: [{ count: 70_000 }] } } }).finish();

    expect(() => decodeProtobuf(Uint8Array.from(many))).toThrow(MalformedError);
  });
});
