import fc from "fast-check";
import type { LoggedRecord } from "../../src/protocols/raft/codec/record-codec.ts";
import {
  type Bytes,
  type Entry,
  encodeMembership,
  type Hindrance,
  type Member,
  type Membership,
  type Position,
  type SnapshotName,
} from "../../src/protocols/raft/index.ts";
import type { Proposal, RaftMessage, Verdict } from "../../src/protocols/raft/messages.ts";

const whole = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 40 });
const nodeId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,9}$/);

const position: fc.Arbitrary<Position> = fc.record({ index: whole, term: whole });
const member: fc.Arbitrary<Member> = fc.record({ id: nodeId, address: fc.string({ unit: "binary", maxLength: 20 }) });
const members = fc.array(member, { maxLength: 5 });
const none: fc.Arbitrary<Member[]> = fc.constant([]);
const membership: fc.Arbitrary<Membership> = fc.oneof(
  fc.record({ members, outgoing: none, learners: none }),
  fc.record({ members, outgoing: members, learners: members }),
);
/** From 1 on, or missing: then the message is one of version 1. */
const session = fc.option(
  whole.map((count) => count || 1),
  { nil: undefined },
);
const snapshot: fc.Arbitrary<SnapshotName> = fc.record({
  index: whole,
  term: whole,
  bytes: whole,
  checksum: fc.nat(2 ** 32 - 1),
});

/** Entries whose terms, from 1 on, never decrease. */
const entries: fc.Arbitrary<Entry[]> = fc
  .array(fc.oneof(entry("none", bytes), entry("payload", bytes), entry("members", membership.map(encodeMembership))), {
    maxLength: 6,
  })
  .map((list) => list.sort((left, right) => left.term - right.term));

function entry(kind: Entry["kind"], payload: fc.Arbitrary<Bytes>): fc.Arbitrary<Entry> {
  return fc.record({ term: fc.integer({ min: 1, max: 500 }), kind: fc.constant(kind), payload });
}

const proposal: fc.Arbitrary<Proposal> = fc.record({
  id: whole,
  payloads: fc.array(bytes, { minLength: 1, maxLength: 4 }),
});

const reason: fc.Arbitrary<Hindrance> = fc.constantFrom("no-leader", "busy", "too-large", "stopping", "disk-full");

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.record({ kind: fc.constant("accepted" as const), id: whole, index: whole, count: whole }),
  fc.record({ kind: fc.constant("refused" as const), id: whole, reason }),
  fc.record({ kind: fc.constant("unknown" as const), id: whole }),
);

type Fields = {
  readonly [Kind in RaftMessage["kind"]]: {
    readonly [Name in Exclude<keyof Extract<RaftMessage, { kind: Kind }>, "kind">]-?: fc.Arbitrary<
      Extract<RaftMessage, { kind: Kind }>[Name] | undefined
    >;
  };
};

/** What each kind of message holds: a kind that is forgotten here fails to compile. */
const fields: Fields = {
  preVote: { term: whole, last: position },
  preVoteReply: { term: whole, granted: fc.boolean() },
  vote: { term: whole, last: position, isHandedOver: fc.constantFrom(true, undefined) },
  voteReply: { term: whole, granted: fc.boolean() },
  append: {
    term: fc.integer({ min: 500, max: 900 }),
    previous: fc.constant({ index: 7, term: 1 }),
    commit: whole,
    entries,
    session,
  },
  appendReply: { term: whole, match: whole, session },
  appendConflict: { term: whole, rejected: whole, hint: position, session },
  heartbeat: { term: whole, commit: whole, round: whole, sent: whole, session },
  heartbeatReply: {
    term: whole,
    round: whole,
    match: whole,
    missing: fc.boolean(),
    session,
    clock: fc.option(fc.nat(), { nil: undefined }),
  },
  chunk: { term: whole, snapshot, membership, offset: whole, bytes, session },
  chunkReply: { term: whole, snapshot, received: whole, session },
  forward: { term: whole, life: whole, number: whole, proposals: fc.array(proposal, { maxLength: 4 }) },
  forwardReply: { term: whole, life: whole, verdicts: fc.array(verdict, { maxLength: 4 }) },
  barrier: { term: whole, life: whole, ask: whole, isLeaseEnough: fc.constantFrom(true, undefined) },
  barrierReply: { term: whole, life: whole, ask: whole, index: whole },
  timeoutNow: { term: whole },
  removed: { term: whole, index: whole },
};

/** A message of any kind that a member could send; a field that came out undefined is missing. */
export const arbitraryMessage: fc.Arbitrary<RaftMessage> = fc.oneof(
  ...Object.entries<Record<string, fc.Arbitrary<unknown>>>(fields).map(([kind, of]) =>
    fc.record({ kind: fc.constant(kind), ...of }).map((message) => {
      const present = Object.entries(message).filter(([, value]) => value !== undefined);
      return Object.fromEntries(present) as unknown as RaftMessage;
    }),
  ),
);

/** A record of any kind that goes into a log. */
export const arbitraryRecord: fc.Arbitrary<LoggedRecord> = fc.oneof(
  fc.record({ kind: fc.constant("state" as const), term: whole, votedFor: fc.option(nodeId, { nil: undefined }) }),
  fc.record({
    kind: fc.constant("state" as const),
    term: whole,
    votedFor: fc.option(nodeId, { nil: undefined }),
    joining: whole,
  }),
  fc.record({ kind: fc.constant("entries" as const), from: whole, entries }),
  fc.record({
    kind: fc.constant("base" as const),
    base: position,
    snapshot: fc.option(snapshot, { nil: undefined }),
    membership,
  }),
);
