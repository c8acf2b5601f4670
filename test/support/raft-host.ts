import { crc32 } from "node:zlib";
import { type Bytes, noBytes } from "../../src/base/bytes.ts";
import { invariant } from "../../src/base/invariant.ts";
import { nextBelow, type Random } from "../../src/base/random.ts";
import { fromUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import { recordKinds } from "../../src/protocols/raft/codec/record-codec.ts";
import {
  decodeRecord,
  encodeRecord,
  type Found,
  Gate,
  type LogOutput,
  type Member,
  Raft,
  type RaftOptions,
  type RaftRecord,
  type RaftVocabulary,
  Recovery,
  type SnapshotName,
  type Want,
} from "../../src/protocols/raft/index.ts";

/** A snapshot, or the first part of one. */
export interface Snapshot {
  readonly name: SnapshotName;
  readonly content: Bytes;
}

/** One simulated machine: a member's process, its disk and its owner's state. */
export interface Host {
  readonly id: string;
  readonly random: Random;
  readonly tickMs: number;
  /** The record of a snapshot drives the older ones from the disk. */
  readonly keepsOneSnapshot: boolean;
  /** Counts starts and crashes: what was on its way for an earlier life is void. */
  life: number;
  raft: Raft | undefined;
  gate: Gate<RaftVocabulary> | undefined;
  /** What has arrived and waits for the next step. */
  inbox: Input<RaftVocabulary>[];
  isStepDue: boolean;
  isPaused: boolean;
  /** Encoded records, all durable. */
  stored: { readonly kind: number; readonly bytes: Bytes }[];
  /** Records in the write under way, and those for the next one. */
  writing: readonly RaftRecord[] | undefined;
  waiting: RaftRecord[];
  durableCount: number;
  isOwnerBusy: boolean;
  fullDisk: boolean;
  stuckDisk: boolean;
  snapshots: Map<number, Snapshot>;
  receiving: Snapshot | undefined;
  /** What the owner has taken in, and all that it was told. */
  applied: string[];
  appliedIndex: number;
  outputs: LogOutput[];
}

/** A machine that was never started. */
export function newHost(fixed: Pick<Host, "id" | "random" | "tickMs" | "keepsOneSnapshot">): Host {
  return {
    ...fixed,
    life: 0,
    raft: undefined,
    gate: undefined,
    inbox: [],
    isStepDue: false,
    isPaused: false,
    stored: [],
    writing: undefined,
    waiting: [],
    durableCount: 0,
    isOwnerBusy: false,
    fullDisk: false,
    stuckDisk: false,
    snapshots: new Map(),
    receiving: undefined,
    applied: [],
    appliedIndex: 0,
    outputs: [],
  };
}

/** Starts the process from what the disk holds. */
export function boot(host: Host, members: readonly Member[], options: Partial<RaftOptions>): Raft {
  invariant(host.raft === undefined, `${host.id} is down`);
  const memory = recover(host, members, options.tailBytesMax ?? 2 ** 23);
  const name = memory.snapshot;
  const snapshot = name === undefined ? undefined : host.snapshots.get(name.index);
  invariant((name === undefined) === (snapshot === undefined), `the snapshot that ${host.id} starts from is stored`);
  host.applied = snapshot === undefined ? [] : JSON.parse(fromUtf8(snapshot.content));
  host.appliedIndex = name?.index ?? 0;
  const { receiving } = host;
  const incoming = receiving && { snapshot: receiving.name, received: receiving.content.length };
  const complete = { ...options, id: host.id, seed: nextBelow(host.random, 2 ** 30) };
  host.raft = new Raft(complete, { memory, applied: host.appliedIndex, ...(incoming && { incoming }) });
  host.gate = new Gate(host.raft);
  host.durableCount = 0;
  host.life++;
  return host.raft;
}

/** Ends the process: what was not durable is lost, or by chance a first part of it is not. */
export function kill(host: Host): void {
  const pending = [...(host.writing ?? []), ...host.waiting];
  for (const record of pending.slice(0, nextBelow(host.random, pending.length + 1))) store(host, record);
  host.raft = undefined;
  host.gate = undefined;
  host.inbox = [];
  host.isStepDue = false;
  host.isPaused = false;
  host.writing = undefined;
  host.waiting = [];
  host.life++;
}

/** Gives a machine that was never started a past: entries of these terms, and the term it is in. */
export function preload(host: Host, term: number, terms: readonly number[]): void {
  const entries = terms.map((each) => ({ term: each, kind: "none", payload: noBytes }) as const);
  store(host, { kind: "state", term, votedFor: undefined });
  if (entries.length > 0) store(host, { kind: "entries", from: 1, entries });
}

/** Gives a machine that is down an empty disk. */
export function wipe(host: Host): void {
  invariant(host.raft === undefined, `${host.id} is down`);
  host.stored = [];
  host.snapshots = new Map();
  host.receiving = undefined;
}

/** Puts one record on the disk. */
export function store(host: Host, record: RaftRecord): void {
  if (record.kind !== "chunk") {
    host.stored.push({ kind: recordKinds.indexOf(record.kind), bytes: encodeRecord(record) });
    if (record.kind === "base" && host.keepsOneSnapshot) keepFrom(host, record.snapshot?.index ?? 0);
    return;
  }
  const { snapshot, offset, bytes } = record;
  const before = host.receiving?.name.checksum === snapshot.checksum ? host.receiving.content : noBytes;
  const content = new Uint8Array([...before.subarray(0, offset), ...bytes]);
  host.receiving = { name: snapshot, content };
  if (content.length < snapshot.bytes) return;
  invariant(crc32(content) === snapshot.checksum, "a snapshot arrives as it was sent");
  host.snapshots.set(snapshot.index, { name: snapshot, content });
  host.receiving = undefined;
}

function keepFrom(host: Host, first: number): void {
  for (const index of host.snapshots.keys()) if (index < first) host.snapshots.delete(index);
}

/** What storage answers to a core's question, from what is durable now. */
export function find(host: Host, what: Want): Found {
  if (what.kind === "chunk") {
    const content = host.snapshots.get(what.snapshot.index)?.content;
    if (content === undefined) return { kind: "gone" };
    return { kind: "chunk", offset: what.offset, bytes: content.subarray(what.offset, what.offset + what.bytesMax) };
  }
  const { log } = recover(host, [], Number.POSITIVE_INFINITY);
  if (what.from < log.tailFrom) return { kind: "gone" };
  const entries = log.tail.slice(what.from - log.tailFrom).slice(0, 3);
  return entries.length === 0 ? { kind: "gone" } : { kind: "entries", from: what.from, entries };
}

function recover(host: Host, members: readonly Member[], tailBytesMax: number): ReturnType<Recovery["finish"]> {
  const recovery = new Recovery(members, tailBytesMax);
  for (const record of host.stored) recovery.take(decodeRecord(record.kind, record.bytes));
  return recovery.finish();
}
