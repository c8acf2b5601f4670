import fc from "fast-check";
import {
  type Base,
  type Configuration,
  encodeChange,
  type LoggedRecord,
  type Member,
  type PaxosMessage,
  type SnapshotName,
  type Update,
} from "../../src/protocols/multi-paxos/index.ts";
import type { Report } from "../../src/protocols/multi-paxos/messages.ts";

const whole = fc.oneof(fc.nat(300), fc.maxSafeNat());
const positive = whole.map((value) => value || 1);
const bytes = fc.uint8Array({ maxLength: 40 });
const nodeId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,9}$/);
const member: fc.Arbitrary<Member> = fc.record({ id: nodeId, address: fc.string({ unit: "binary", maxLength: 20 }) });

/** Voters, at least one, and learners: nobody twice. */
const parts = fc
  .uniqueArray(member, { minLength: 1, maxLength: 6, selector: ({ id }) => id })
  .chain((all) =>
    fc.integer({ min: 1, max: all.length }).map((count) => [all.slice(0, count), all.slice(count)] as const),
  );

const configuration: fc.Arbitrary<Configuration> = fc
  .record({ epoch: fc.nat(50), decided: whole, start: positive, alpha: positive, of: parts })
  .map(({ of: [members, learners], ...rest }) => ({ ...rest, members, learners }));

const change = fc
  .record({ alpha: positive, of: parts })
  .map(({ alpha, of: [members, learners] }) => encodeChange({ alpha, members, learners }));

const payload: fc.Arbitrary<Update> = fc.record({
  term: whole,
  kind: fc.constant("payload" as const),
  payload: bytes,
  client: positive,
  timestamp: positive,
});

const update: fc.Arbitrary<Update> = fc.oneof(
  payload,
  fc.record({
    term: fc.nat(2),
    kind: fc.constant("none" as const),
    payload: fc.constant(new Uint8Array(0)),
    client: fc.constant(0),
    timestamp: fc.constant(0),
  }),
  fc.record({
    term: whole,
    kind: fc.constant("members" as const),
    payload: change,
    client: fc.constant(0),
    timestamp: fc.constant(0),
  }),
);
const updates = fc.array(update, { maxLength: 12 });
const report: fc.Arbitrary<Report> = fc.record({ seq: positive, accepted: whole, update });
const snapshot: fc.Arbitrary<SnapshotName> = fc.record({
  index: whole,
  term: whole,
  bytes: whole,
  checksum: fc.nat(2 ** 32 - 1),
});
const client = fc.record({ client: positive, next: positive, above: fc.array(positive, { maxLength: 4 }) });
const base: fc.Arbitrary<Base> = fc
  .record({
    floor: fc.nat(300),
    more: fc.nat(300),
    configurations: fc.array(configuration, { maxLength: 3 }),
    clients: fc.array(client, { maxLength: 3 }),
  })
  .map(({ floor, more, configurations, clients }) => ({
    floor,
    through: floor + more,
    configurations: configurations.map((each, at) => ({ ...each, epoch: 3 + at })),
    clients,
  }));

type Fields = {
  readonly [Kind in PaxosMessage["kind"]]: {
    readonly [Name in Exclude<keyof Extract<PaxosMessage, { kind: Kind }>, "kind" | "epoch" | "aru">]-?: fc.Arbitrary<
      Extract<PaxosMessage, { kind: Kind }>[Name] | undefined
    >;
  };
};

const ids = fc.array(nodeId, { maxLength: 4 });

/** What each kind of message holds: a kind that is forgotten here fails to compile. */
const fields: Fields = {
  viewChange: { attempted: whole, heard: ids },
  viewProof: { installed: whole, heard: ids, leaderAlive: fc.boolean() },
  prepare: { view: whole },
  prepareOk: { view: whole, build: whole, part: whole, parts: positive, reports: fc.array(report, { maxLength: 4 }) },
  proposal: { view: whole, first: positive, updates, ordered: whole, stable: whole },
  accept: { view: whole, first: positive, last: whole },
  heartbeat: { view: whole, ordered: whole, stable: whole, round: whole },
  heartbeatOk: { view: whole, round: whole },
  clientUpdate: { updates, hops: whole },
  read: { life: whole, ask: whole },
  readOk: { life: whole, ask: whole, next: whole },
  reconcile: { first: whole },
  reconcileData: { first: positive, updates, founding: fc.option(configuration, { nil: undefined }) },
  offer: { snapshot, base },
  fetch: { snapshot, offset: whole },
  chunk: { snapshot, offset: whole, bytes },
  transfer: { view: whole },
  grant: { view: whole, round: whole, clock: whole },
  heirPrepare: { view: whole, appointedIn: whole },
  leaseRead: { life: whole, ask: whole },
};

const stamp = { epoch: fc.integer({ min: -1, max: 300 }), aru: whole };

/** A message of any kind that a member could send; a field that came out undefined is missing. */
export const arbitraryPaxosMessage: fc.Arbitrary<PaxosMessage> = fc.oneof(
  ...Object.entries<Record<string, fc.Arbitrary<unknown>>>(fields).map(([kind, of]) =>
    fc.record({ kind: fc.constant(kind), ...of, ...stamp }).map((message) => {
      const present = Object.entries(message).filter(([, value]) => value !== undefined);
      return Object.fromEntries(present) as unknown as PaxosMessage;
    }),
  ),
);

/** A record of any kind that goes into a log. */
export const arbitraryPaxosRecord: fc.Arbitrary<LoggedRecord> = fc.oneof(
  fc.record({ kind: fc.constant("view" as const), view: whole }),
  fc.record({ kind: fc.constant("accepted" as const), view: whole, first: positive, updates }),
  fc.record({ kind: fc.constant("learned" as const), first: positive, updates }),
  fc.record({ kind: fc.constant("ordered" as const), through: whole }),
  fc.record({
    kind: fc.constant("base" as const),
    base,
    snapshot: fc.option(snapshot, { nil: undefined }),
    isOwn: fc.boolean(),
    promised: whole,
  }),
  fc.record({ kind: fc.constant("pending" as const), updates: fc.array(payload, { maxLength: 12 }) }),
);
