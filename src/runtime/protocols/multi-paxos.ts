import { type Bytes, noBytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import {
  decodeChange,
  decodeMessage,
  decodeProtobuf,
  decodeRecord,
  encodeChange,
  encodeMessage,
  encodeProtobuf,
  encodeRecord,
  firstBase,
  type LoggedRecord,
  MultiPaxos,
  type PaxosMemory,
  type PaxosMessage,
  type PaxosState,
  type PaxosVocabulary,
  Recovery,
  recordKinds,
  type Update,
} from "../../protocols/multi-paxos/index.ts";
import { type History, slotAt, topOf } from "../../protocols/multi-paxos/log/history.ts";
import { configurationAt, decide, membershipAt } from "../../protocols/multi-paxos/membership/configurations.ts";
import type { Member } from "../../protocols/replicated-log.ts";
import type { Role } from "../api.ts";
import type { NodeConfig } from "../options.ts";
import type { CoreStart, Figures, LogMember, LogProtocol, Standing } from "./log-protocol.ts";
import type { RecordForm } from "./record-store.ts";
import { newSeed } from "./seed.ts";

/**
 * How far proposals run ahead of what is ordered. All founders of a group must have the same, and there is nothing to
 * be gained by another: so it is no option.
 */
const alpha = 1024;

/** How Multi-Paxos's records lie in a log: they come for places in any order, and of each place the newest counts. */
const paxosForm: RecordForm<LoggedRecord> = {
  kinds: recordKinds,
  encode: encodeRecord,
  decode: decodeRecord,
  hints: (record) => {
    switch (record.kind) {
      case "view":
      case "ordered":
      case "pending":
        return { latest: true };
      case "accepted":
      case "learned":
        return { positions: { first: record.first, count: record.updates.length, inPlace: true } };
      case "base":
        return { latest: true, dropThrough: record.base.floor };
    }
  },
  entries: (record) =>
    record.kind === "accepted" || record.kind === "learned"
      ? { first: record.first, entries: record.updates }
      : undefined,
  snapshot: (record) => (record.kind === "base" ? record.snapshot : undefined),
};

/** Multi-Paxos, as nodes run it. */
export const paxosProtocol: LogProtocol<PaxosVocabulary, LoggedRecord, PaxosMemory> = {
  codecs: {
    native: {
      encode: (message: PaxosMessage) => encodeMessage(message),
      decode: (frame: Bytes) => decodeMessage(frame),
    },
    protobuf: { encode: encodeProtobuf, decode: decodeProtobuf },
  },
  form: paxosForm,
  recovery: (members, tailBytesMax) => new Recovery(members, tailBytesMax, alpha),
  firstRecord: foundingBase,
  start: startPaxos,
  restored: (snapshot, members) => [
    {
      kind: "base",
      base: { ...firstBase(members, alpha), floor: snapshot.index, through: snapshot.index },
      ...{ snapshot, isOwn: true, promised: 0 },
    },
  ],
  survivor: ({ history, facts }) => ({
    ...newestOf(history),
    membership: membershipAt(facts.configurations, configurationAt(facts.configurations, history.aru + 1)),
  }),
  alone: goOnAlone,
};

/**
 * What tells which of several survivors has more. Behind a gap nothing tells much; and an update names the view that
 * proposed it first, though a later one may have proposed it again.
 */
function newestOf(history: History): { readonly last: number; readonly term?: number } {
  let last = history.aru;
  while (slotAt(history, last + 1) !== undefined) last++;
  const view = slotAt(history, last)?.view;
  return { last, ...(view && { term: view }) }; // learned, it is of no view
}

/**
 * What was accepted counts as ordered, and nothing stands in the gaps between. Then the change of members is ordered
 * as the present epoch would have done it, and nothing more in the rest of that epoch.
 */
function goOnAlone({ history, facts, promised }: PaxosMemory, survivor: Member): readonly LoggedRecord[] {
  const last = topOf(history);
  const noop: Update = { term: promised, kind: "none", payload: noBytes, client: 0, timestamp: 0 };
  const records: LoggedRecord[] = [];
  const configurations = [...facts.configurations];
  for (let seq = history.aru + 1; seq <= last; seq++) {
    const update = slotAt(history, seq)?.update;
    if (update === undefined) records.push({ kind: "learned", first: seq, updates: [noop] });
    else if (update.kind === "members") decide(configurations, seq, decodeChange(update.payload));
  }
  const newest = configurations.at(-1);
  invariant(newest !== undefined, "who goes on alone took part before");
  const place = Math.max(last + 1, newest.start); // before, it would be void
  const payload = encodeChange({ alpha, members: [survivor], learners: [] });
  const updates = Array.from({ length: place + newest.alpha - (last + 1) }, () => noop);
  updates[place - (last + 1)] = { ...noop, kind: "members", payload };
  records.push({ kind: "learned", first: last + 1, updates });
  records.push({ kind: "ordered", through: last + updates.length });
  return records;
}

function foundingBase(members: readonly Member[]): LoggedRecord {
  return { kind: "base", base: firstBase(members, alpha), snapshot: undefined, isOwn: true, promised: 0 };
}

function startPaxos(config: NodeConfig, { memory, incoming, ...given }: CoreStart<PaxosMemory>): LogMember {
  const { id, electionTicks: progressTicks, heartbeatTicks, leases, syncPending } = config;
  const applied = memory.snapshot?.index ?? 0;
  const options = { ...given, id, seed: newSeed(), progressTicks, heartbeatTicks, leases, syncPending, alpha };
  const core = new MultiPaxos(options, { memory, applied, ...(incoming && { incoming }) });
  return { core, standing: () => standingOf(core.inspect()), figures: () => figuresOf(core.inspect()) };
}

function standingOf(state: PaxosState): Standing {
  const { lastInstalled: term, leader, membership, tookPart, history, snapshot } = state;
  return { role: roleOf(state), term, leader, membership, tookPart, commit: history.aru, snapshot };
}

/** In words that all logs share: who wants to lead is a candidate, and who has no vote, or gave up to lead, follows. */
function roleOf({ role, resigned }: PaxosState): Role {
  if (role === "leader") return "leader";
  return role === "preparing" || (role === "election" && resigned === undefined) ? "candidate" : "follower";
}

function figuresOf({ history, disk, leadership, contacts }: PaxosState): Figures {
  const last = topOf(history);
  let durable = history.tailFrom - 1;
  while (durable < last && (slotAt(history, durable + 1)?.record ?? Number.POSITIVE_INFINITY) <= disk.durable)
    durable++;
  return {
    last,
    durable,
    progressOf: (id: NodeId) => {
      const progress = leadership?.progress.get(id);
      if (progress === undefined) return undefined;
      return { mode: "stream", match: contacts.get(id)?.aru ?? 0, bytesInFlight: progress.inflightBytes };
    },
  };
}
