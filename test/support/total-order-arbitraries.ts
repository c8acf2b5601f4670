import fc from "fast-check";
import type {
  Decree,
  Frame,
  GenesisRecord,
  Header,
  SenderFrames,
  TotalOrderMessage,
} from "../../src/protocols/total-order/index.ts";

const whole = fc.oneof(fc.nat(300), fc.maxSafeNat());
const positive = whole.map((value) => Math.max(1, value));
const node = fc.constantFrom("a", "10.0.0.1:7001", "[::1]:7002", "n".repeat(255));
const incarnation = positive;
const bytes = fc.uint8Array({ maxLength: 40 });
const stamp = fc.record({ group: fc.constantFrom("", "a#1", "10.0.0.1:7001#77"), view: whole, incarnation });
const ballot = fc.record({ round: positive, node });
const vector = fc.array(whole, { maxLength: 7 });

const header: fc.Arbitrary<Header> = fc.record({
  clock: whole,
  sent: whole,
  received: vector,
  leaving: fc.boolean(),
  restored: fc.boolean(),
});

const payloads = fc.array(bytes, { minLength: 1, maxLength: 4 });
const frame: fc.Arbitrary<Frame> = fc.record({ number: positive, timestamp: positive, payloads });

/** Frames in a row, of some senders. */
const framesBySender: fc.Arbitrary<readonly SenderFrames[]> = fc
  .array(
    fc.record({
      first: fc.integer({ min: 1, max: 1000 }),
      list: fc.array(fc.record({ timestamp: positive, payloads }), { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 3 },
  )
  .map((all) =>
    all.map(({ first, list }, at) => ({
      sender: 2 * at,
      frames: list.map((each, place) => ({ number: first + place, ...each })),
    })),
  );

const members = fc
  .uniqueArray(node, { maxLength: 4 })
  .chain((nodes) =>
    fc.tuple(
      ...nodes.toSorted().map((each) => fc.record({ node: fc.constant(each), incarnation, restored: fc.boolean() })),
    ),
  );

const decree: fc.Arbitrary<Decree> = fc
  .record({
    group: fc.constantFrom("a#1", "b#300"),
    base: whole,
    members,
    tail: framesBySender,
    clock: whole,
    position: whole,
  })
  .map((fields) => ({ ...fields, cut: Array.from({ length: 7 }, () => 2000) }));

const vote = fc.record({ ballot, value: decree });
const member = fc.record({ node, incarnation });

/** Any message that a member may send. */
export const arbitraryMessage: fc.Arbitrary<TotalOrderMessage> = fc.oneof(
  fc.record({ kind: fc.constant("data"), stamp, header, frame }),
  fc.record({ kind: fc.constant("null"), stamp, header, missing: fc.boolean() }),
  fc.record({ kind: fc.constant("prepare"), stamp, ballot, received: vector }),
  fc.record({
    kind: fc.constant("promise"),
    stamp,
    ballot,
    clock: whole,
    received: vector,
    accepted: fc.option(vote, { nil: undefined }),
    extra: framesBySender,
    restored: fc.boolean(),
    leaving: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("refuse"), stamp, ballot }),
  fc.record({ kind: fc.constant("accept"), stamp, ballot, decree }),
  fc.record({ kind: fc.constant("accepted"), stamp, ballot }),
  fc.record({ kind: fc.constant("install"), stamp, decree }),
  fc.record({ kind: fc.constant("excluded"), stamp, yours: whole }),
  fc.record({ kind: fc.constant("join"), stamp, applicant: member }),
  fc.record({ kind: fc.constant("state"), stamp, position: whole, offset: whole, bytes, last: fc.boolean() }),
  fc.record({ kind: fc.constant("stateAck"), stamp, offset: whole }),
);

/** Any record that a seed may store. */
export const arbitraryGenesis: fc.Arbitrary<GenesisRecord> = fc.record({
  kind: fc.constant("genesis"),
  promised: ballot,
  accepted: fc.option(vote, { nil: undefined }),
});
