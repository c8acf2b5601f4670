import fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedError } from "../../../base/errors.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import type { GossipMessage } from "../messages.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";
import { messageFromJson, messageToJson } from "./message-json.ts";

const whole = fc.nat(2 ** 31 - 1);
const node = fc.constantFrom("n0", "n1", "a.b-c_d");
const origin = fc.tuple(node, whole).map(([id, life]) => `${id}#${life}`);
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.nat(99)), { minLength: 1, maxLength: 4 })
  .map((steps) => {
    let before = 0;
    return steps.map(([gap, length]): [number, number] => {
      const first = before + 1 + gap;
      before = first + length;
      return [first, before];
    });
  });
const digest = fc.uniqueArray(fc.record({ origin, ranges }), { maxLength: 3, selector: (each) => each.origin });
const answers = fc.record({ incarnation: whole, number: whole, heldTicks: whole });
const header = { incarnation: whole, links: whole, dueTicks: whole, answers };
const optional = { requiredKeys: ["kind", "incarnation", "links"] as const };
const cover = fc.record({ tree: whole, holds: digest, asks: fc.boolean() });
const payload = fc.string({ maxLength: 20 }).map(toUtf8);
const rumour = fc.record({
  origin,
  first: whole.map((number) => number + 1),
  payloads: fc.array(payload, { minLength: 1 }),
});
const report = fc.record({ node, incarnation: whole, version: whole, down: fc.array(node) });

const messages = fc.oneof(
  fc.record(
    {
      ...{ kind: fc.constant("batch" as const), ...header, number: whole, rumours: fc.array(rumour), gone: digest },
      ...{ knows: digest, isUrgent: fc.boolean(), cover },
    },
    { requiredKeys: [...optional.requiredKeys, "number", "rumours", "gone", "knows", "isUrgent"] },
  ),
  fc.record(
    { kind: fc.constant("ack" as const), ...header, knows: digest, cover },
    { requiredKeys: [...optional.requiredKeys, "knows"] },
  ),
  fc.record(
    { kind: fc.constant("digest" as const), ...header, hash: whole, asks: fc.boolean(), knows: digest },
    { requiredKeys: [...optional.requiredKeys, "hash", "asks"] },
  ),
  fc.record(
    { kind: fc.constant("reports" as const), ...header, reports: fc.array(report) },
    { requiredKeys: [...optional.requiredKeys, "reports"] },
  ),
) as fc.Arbitrary<GossipMessage>;

test("messages survive the way to bytes and to JSON, and back", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const json = JSON.parse(JSON.stringify(messageToJson(message, fromUtf8)));

      expect(decodeMessage(encodeMessage(message, 7), 7)).toEqual(message);
      expect(messageFromJson(json, (text) => toUtf8(text as string))).toEqual(message);
    }),
  );
});

test("bytes that are no message are refused, and so are those of another group", () => {
  fc.assert(
    fc.property(messages, fc.nat(), fc.nat(255), (message, place, value) => {
      const bytes = Uint8Array.from(encodeMessage(message));
      bytes[place % bytes.length] = value;
      try {
        decodeMessage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
      expect(() => decodeMessage(encodeMessage(message), 1)).toThrow("of another group");
    }),
  );
});

test.each([
  [null, "not an object"],
  [{ incarnation: 1, links: 0, kind: "shout" }, "of a kind that is not known"],
  [{ incarnation: -1, links: 0, kind: "ack", knows: [] }, "not a whole number"],
  [{ incarnation: 1, links: 0, kind: "ack", knows: [{ origin: "a", ranges: [[1, 1]] }] }, "not the name of an origin"],
  [{ incarnation: 1, links: 0, kind: "ack", knows: [{ origin: "a#1", ranges: [[2, 1]] }] }, "not ranges"],
  [{ incarnation: 1, links: 0, kind: "ack", knows: [{ origin: "a#1", ranges: [] }] }, "not ranges"],
  [{ incarnation: 1, links: 0, kind: "reports", reports: [{ node: "", down: [] }] }, "not the name of a node"],
])("JSON that is no message is refused: %j", (json, problem) => {
  expect(() => messageFromJson(json, () => new Uint8Array(0))).toThrow(problem);
});
