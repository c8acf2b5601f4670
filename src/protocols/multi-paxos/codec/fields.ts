import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId, type NodeId, nodeIdBytesMax } from "../../../base/ids.ts";
import { checked, type Field, list, struct, whole } from "../../../base/union-codec.ts";
import { readMembers, writeMembers } from "../../membership-codec.ts";
import type { Entry, Member, SnapshotName } from "../../replicated-log.ts";
import type { Base, ClientRecord, Configuration, Report, Update } from "../messages.ts";
import { decodeChange, isChange } from "./change-codec.ts";

/** Version of the format, the first byte of each message and record. */
export const version = 1;

/** Most members that hear and are heard, and lists of them. */
const membersMax = 1000;

const entryKinds: readonly Entry["kind"][] = ["none", "payload", "members"];

/** One update; no-ops in a row are written once, with their count. */
const update: Field<Update> = {
  write: (writer, { term, kind, payload, client, timestamp }) => {
    writer.byte(entryKinds.indexOf(kind)).varint(term);
    if (kind === "payload") writer.varint(client).varint(timestamp);
    if (kind !== "none") writer.bytes(payload);
  },
  read: (reader) => readUpdate(reader, reader.byte()),
};

function readUpdate(reader: ByteReader, kindNumber: number): Update {
  const kind = entryKinds[kindNumber];
  if (kind === undefined) throw new MalformedError("unknown kind of update");
  const term = reader.varint();
  if (kind === "none") return { term, kind, payload: new Uint8Array(0), client: 0, timestamp: 0 };
  const isNamed = kind === "payload";
  const client = isNamed ? reader.varint() : 0;
  const timestamp = isNamed ? reader.varint() : 0;
  if (isNamed && (client === 0 || timestamp === 0)) throw new MalformedError("an update is nobody's");
  const payload = reader.bytes();
  if (!isNamed) decodeChange(payload);
  return { term, kind, payload, client, timestamp };
}

/** No-ops that one count may stand for: what a window can hold. */
export const noopsMax = 65_536;

/** Updates of one list at the most. */
export const updatesMax: number = 16 * noopsMax;

/** Encodings of long lists already made: the disk and every member get the same list, so it is encoded once. */
const encodedLists = new WeakMap<readonly Update[], Bytes>();

/** Shorter lists are encoded anew sooner than remembered, found, and forgotten by the garbage collector. */
const longListLength = 8;

/** A length, then updates, each behind how often it stands in a row: more than once only no-ops do. */
export const updates: Field<readonly Update[]> = {
  write: (writer, all) => {
    if (all.length < longListLength) writer.sized(() => writeUpdates(writer, all));
    else writer.bytes(encodedLists.get(all) ?? encodeLongList(all));
  },
  read: (reader) => decodeUpdates(reader.bytes()),
};

function writeUpdates(writer: ByteWriter, all: readonly Update[]): void {
  for (let at = 0; at < all.length; ) {
    const count = noopsFrom(all, at);
    writer.varint(count);
    update.write(writer, all[at] as Update);
    at += count;
  }
}

function encodeLongList(all: readonly Update[]): Bytes {
  let size = 8;
  for (const { payload } of all) size += payload.length + 24;
  const writer = new ByteWriter(size);
  writeUpdates(writer, all);
  const bytes = writer.finish();
  encodedLists.set(all, bytes);
  return bytes;
}

/** How many alike stand in a row from there on: more than one only of no-ops. */
export function noopsFrom(all: readonly Update[], from: number): number {
  const first = all[from];
  if (first?.kind !== "none") return 1;
  let end = from + 1;
  while (end < all.length && end - from < noopsMax && isSameNoop(first, all[end] as Update)) end++;
  return end - from;
}

/** Whether both are no-ops of one term. */
function isSameNoop(one: Update, other: Update): boolean {
  return one.kind === "none" && other.kind === "none" && other.term === one.term;
}

function decodeUpdates(bytes: Uint8Array): readonly Update[] {
  const reader = new ByteReader(bytes);
  const all: Update[] = [];
  while (reader.remaining > 0) {
    const count = reader.varint(noopsMax);
    const next = update.read(reader);
    const before = all.at(-1);
    if (count === 0 || (count > 1 && next.kind !== "none")) throw new MalformedError("only no-ops stand in a row");
    const isSplit = before?.kind === "none" && isSameNoop(before, next) && all.length % noopsMax !== 0;
    if (isSplit) throw new MalformedError("no-ops in a row are counted together");
    for (let nth = 0; nth < count; nth++) all.push(next);
    if (all.length > updatesMax) throw new MalformedError("too many updates");
  }
  if (all.length >= longListLength) encodedLists.set(all, bytes);
  return all;
}

const id: Field<NodeId> = {
  write: (writer, value) => writer.text(value),
  read: (reader) => {
    const value = reader.text(nodeIdBytesMax);
    if (!isNodeId(value)) throw new MalformedError("a node id is not one");
    return value;
  },
};

/** Ids of members. */
export const ids: Field<readonly NodeId[]> = list(id, membersMax);

/** From 1 on. */
export const positive: Field<number> = checked(whole, (value) => value > 0, "a number that starts at 1 is 0");

/** A view's answer to Prepare, a line for each place. */
export const reports: Field<readonly Report[]> = list(struct<Report>({ seq: positive, accepted: whole, update }));

const members: Field<readonly Member[]> = { write: writeMembers, read: readMembers };

/** One epoch's members. */
export const configuration: Field<Configuration> = checked(
  struct<Configuration>({ epoch: whole, decided: whole, start: positive, alpha: positive, members, learners: members }),
  isChange,
  "nobody votes, or somebody stands twice",
);

/** What the order says besides the owner's state. */
export const base: Field<Base> = checked(
  struct<Base>({
    floor: whole,
    through: whole,
    configurations: list(configuration, membersMax),
    clients: list(struct<ClientRecord>({ client: positive, next: positive, above: list(positive) })),
  }),
  isBase,
  "a base contradicts itself",
);

/** Whether a base does not contradict itself. */
export function isBase({ floor, through, configurations }: Base): boolean {
  const isNext = ({ epoch }: Configuration, at: number) =>
    at === 0 || epoch === (configurations[at - 1]?.epoch ?? 0) + 1;
  return floor <= through && configurations.every(isNext);
}

/** Position, size and checksum. */
export const snapshot: Field<SnapshotName> = struct<SnapshotName>({
  index: whole,
  term: whole,
  bytes: whole,
  checksum: checked(whole, (value) => value < 2 ** 32, "a checksum is too large"),
});
