import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadSync } from "protobufjs";
import { describe, expect, test } from "vitest";
import { MalformedError } from "../../base/errors.ts";
import { orderMethod, textBytesMax } from "./ordering.ts";

const schema = fileURLToPath(new URL("../../../proto/quorate/ordering/v1/ordering.proto", import.meta.url));
const root = loadSync(schema);

describe("the service's messages, by the schema and by a library", () => {
  test("an update is the same to both", () => {
    const type = root.lookupType("quorate.ordering.v1.Update");
    const client = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
    const timestamp = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const text = fc.string({ unit: "grapheme" });

    fc.assert(
      fc.property(fc.record({ client, timestamp, text }), (update) => {
        const read = type.decode(orderMethod.request.encode(update));
        expect(type.toObject(read, { longs: Number, defaults: true })).toEqual(update);
        expect(orderMethod.request.decode(Uint8Array.from(type.encode(read).finish()))).toEqual(update);
      }),
    );
  });

  test("so is an answer", () => {
    const type = root.lookupType("quorate.ordering.v1.Ordered");
    const read = type.decode(orderMethod.response.encode(2 ** 40));

    expect(type.toObject(read, { longs: Number })).toEqual({ seq: 2 ** 40 });
    expect(orderMethod.response.decode(Uint8Array.from(type.encode(read).finish()))).toBe(2 ** 40);
  });

  test("the schema has the method where it is served", () => {
    const { methods } = root.lookupService("quorate.ordering.v1.Ordering");

    expect(Object.keys(methods).map((name) => `/quorate.ordering.v1.Ordering/${name}`)).toEqual([orderMethod.path]);
  });
});

test.each([
  ["without a client", { client: "", timestamp: 1, text: "x" }],
  ["with a client that is no name", { client: "a b", timestamp: 1, text: "x" }],
  ["with a client of 65 letters", { client: "a".repeat(65), timestamp: 1, text: "x" }],
  ["without a timestamp", { client: "a", timestamp: 0, text: "x" }],
  ["that is too long", { client: "a", timestamp: 1, text: "x".repeat(textBytesMax + 1) }],
])("an update %s is refused", (_, update) => {
  expect(() => orderMethod.request.decode(orderMethod.request.encode(update))).toThrow(MalformedError);
});
