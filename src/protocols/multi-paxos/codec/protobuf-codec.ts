import { type Bytes, type Codec, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import {
  bytes,
  checked,
  flag,
  number,
  numbers,
  optionalPart,
  type ProtoField,
  part,
  parts,
  protoMessage,
  protoUnion,
} from "../../../base/proto-codec.ts";
import { ProtoFields, ProtoWriter } from "../../../base/protobuf.ts";
import { membersMax } from "../../membership-codec.ts";
import { protoIds, protoMembers } from "../../membership-protobuf.ts";
import type { Entry, SnapshotName } from "../../replicated-log.ts";
import type { Base, ClientRecord, Configuration, PaxosMessage, Report, Update } from "../messages.ts";
import { type Change, decodeChange, encodeChange, isChange } from "./change-codec.ts";
import { isBase, noopsFrom, noopsMax, updatesMax } from "./fields.ts";

const positive = checked(number, (value) => value > 0, "a number that starts at 1 is 0");

/** The sender's epoch; -1 of who knows nobody is written as 0. */
const epoch: ProtoField<number> = {
  write: (writer, field, value) => void writer.number(field, value + 1),
  read: (fields, field) => fields.number(field) - 1,
};

const configuration: Codec<Configuration> = fitting(
  protoMessage<Configuration>({
    ...{ epoch: number, decided: number, start: positive, alpha: positive },
    ...{ members: protoMembers, learners: protoMembers },
  }),
  isChange,
  "nobody votes, or somebody stands twice",
);

const entryKinds: readonly Entry["kind"][] = ["none", "payload", "members"];

const change: Codec<Change> = fitting(
  protoMessage<Change>({ alpha: positive, members: protoMembers, learners: protoMembers }),
  isChange,
  "a change makes no configuration",
);

/** `count`: no-ops alike in a row are written once. */
function writeUpdate({ term, kind, payload, client, timestamp }: Update, count = 1): Bytes {
  const writer = new ProtoWriter(payload.length + 40).number(1, term).number(2, entryKinds.indexOf(kind));
  if (kind === "payload") writer.number(3, client).number(4, timestamp).bytes(5, payload);
  if (kind === "members") writer.part(6, change.encode(decodeChange(payload)));
  return (count > 1 ? writer.number(7, count) : writer).finish();
}

function readUpdate(fields: ProtoFields): Update {
  const kind = entryKinds[fields.number(2)];
  const term = fields.number(1);
  if (kind === undefined) throw new MalformedError("unknown kind of update");
  if (kind === "none") return { term, kind, payload: noBytes, client: 0, timestamp: 0 };
  if (kind === "members") {
    return { term, kind, payload: encodeChange(change.decode(fields.bytes(6))), client: 0, timestamp: 0 };
  }
  const [client, timestamp] = [fields.number(3), fields.number(4)];
  if (client === 0 || timestamp === 0) throw new MalformedError("an update is nobody's");
  return { term, kind, payload: fields.bytes(5), client, timestamp };
}

const update: Codec<Update> = {
  encode: (value) => writeUpdate(value),
  decode: (encoded) => readUpdate(new ProtoFields(encoded)),
};

/** Lists already written: every member gets the same one. */
const writtenLists = new WeakMap<readonly Update[], Bytes>();

const updateList: Codec<readonly Update[]> = {
  encode: (all) => {
    const known = writtenLists.get(all);
    if (known !== undefined) return known;
    let size = 8;
    for (const { payload } of all) size += payload.length + 40;
    const writer = new ProtoWriter(size);
    for (let at = 0; at < all.length; ) {
      const count = noopsFrom(all, at);
      writer.part(1, writeUpdate(all[at] as Update, count));
      at += count;
    }
    const encoded = writer.finish();
    if (all.length > 1) writtenLists.set(all, encoded);
    return encoded;
  },
  decode: (encoded) => {
    const all: Update[] = [];
    for (const each of new ProtoFields(encoded).list(1)) {
      const fields = new ProtoFields(each);
      const next = readUpdate(fields);
      const count = Math.max(1, fields.number(7));
      if (count > 1 && next.kind !== "none") throw new MalformedError("only no-ops stand in a row");
      if (count > noopsMax || all.length + count > updatesMax) throw new MalformedError("too many updates");
      for (let nth = 0; nth < count; nth++) all.push(next);
    }
    return all;
  },
};

const updates = part(updateList);

const snapshot = part(
  protoMessage<SnapshotName>({
    ...{ index: number, term: number, bytes: number },
    checksum: checked(number, (value) => value < 2 ** 32, "a checksum is too large"),
  }),
);

const client = protoMessage<ClientRecord>({
  client: positive,
  next: positive,
  above: checked(numbers, (values) => values.every((value) => value > 0), "a timestamp is 0"),
});

const base = checked(
  part(
    protoMessage<Base>({
      ...{ floor: number, through: number },
      ...{ configurations: parts(configuration, membersMax), clients: parts(client) },
    }),
  ),
  isBase,
  "a base contradicts itself",
);

const reports = parts(protoMessage<Report>({ seq: positive, accepted: number, update: part(update) }));

/** `Message` of proto/quorate/multipaxos/v1/multipaxos.proto: fields in the order of its numbers. */
const codec = protoUnion<PaxosMessage, "epoch" | "aru">(
  { epoch, aru: number },
  {
    viewChange: { attempted: number, heard: protoIds },
    viewProof: { installed: number, heard: protoIds, leaderAlive: flag },
    prepare: { view: number },
    prepareOk: { view: number, build: number, part: number, parts: positive, reports },
    proposal: { view: number, first: positive, updates, ordered: number, stable: number },
    accept: { view: number, first: positive, last: number },
    heartbeat: { view: number, ordered: number, stable: number, round: number },
    heartbeatOk: { view: number, round: number },
    clientUpdate: { updates, hops: number },
    read: { life: number, ask: number },
    readOk: { life: number, ask: number, next: number },
    reconcile: { first: number },
    reconcileData: { first: positive, updates, founding: optionalPart(configuration) as ProtoField<Configuration> },
    offer: { snapshot, base },
    fetch: { snapshot, offset: number },
    chunk: { snapshot, offset: number, bytes },
    transfer: { view: number },
    grant: { view: number, round: number, clock: number },
    heirPrepare: { view: number, appointedIn: number },
    leaseRead: { life: number, ask: number },
  },
);

/** The message as one of Protocol Buffers. */
export function encodeProtobuf(message: PaxosMessage): Bytes {
  return codec.encode(message);
}

/** The message that `bytes` are; its payloads are views of them. Throws `MalformedError`, and nothing else. */
export function decodeProtobuf(encoded: Bytes): PaxosMessage {
  return codec.decode(encoded);
}

function fitting<Value>(of: Codec<Value>, fits: (value: Value) => boolean, problem: string): Codec<Value> {
  return {
    encode: (value) => of.encode(value),
    decode: (encoded) => {
      const value = of.decode(encoded);
      if (!fits(value)) throw new MalformedError(problem);
      return value;
    },
  };
}
