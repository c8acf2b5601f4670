import { crc32 } from "node:zlib";
import { type Bytes, noBytes } from "../../src/base/bytes.ts";
import { invariant } from "../../src/base/invariant.ts";
import { chance, forkRandom, newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import { recordKinds } from "../../src/protocols/raft/codec/record-codec.ts";
import {
  decodeMessage,
  decodeRecord,
  encodeMessage,
  encodeRecord,
  Gate,
  type LogOutput,
  type LogRequest,
  type Member,
  Raft,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftState,
  type RaftVocabulary,
  Recovery,
  type SnapshotName,
} from "../../src/protocols/raft/index.ts";
import { RaftInvariants } from "./raft-invariants.ts";

/** How hostile the simulated world is. Times are ms. */
export interface World {
  readonly delayMs: readonly [number, number];
  readonly diskMs: readonly [number, number];
  readonly loss: number;
  readonly repeat: number;
}

export const calmWorld: World = { delayMs: [1, 3], diskMs: [1, 2], loss: 0, repeat: 0 };

const tickMs = 20;

interface Host {
  readonly id: string;
  readonly random: Random;
  life: number;
  raft: Raft | undefined;
  gate: Gate<RaftVocabulary> | undefined;
  /** Encoded records, all durable. */
  stored: { kind: number; bytes: Bytes }[];
  writing: RaftRecord[] | undefined;
  waiting: RaftRecord[];
  durableCount: number;
  snapshots: Map<number, { name: SnapshotName; content: Bytes }>;
  receiving: { name: SnapshotName; content: Bytes } | undefined;
  applied: string[];
  appliedIndex: number;
  outputs: LogOutput[];
  fullDisk: boolean;
  stuckDisk: boolean;
}

/** A Raft group in one thread, where time, network, disks and faults follow from a seed. Stores and messages go through the codecs. */
export class RaftCluster {
  readonly hosts = new Map<string, Host>();
  readonly members: Member[];
  readonly invariants = new RaftInvariants();
  world: World;
  now = 0;
  readonly #random: Random;
  readonly #options: Partial<RaftOptions>;
  readonly #events: { at: number; order: number; run: () => void }[] = [];
  readonly #cuts = new Set<string>();
  #order = 0;
  #requestId = 0;
  /** Sees every message as it is sent. */
  onSend: (from: string, to: string, message: RaftMessage) => void = () => undefined;

  constructor(setup: { members: number; seed?: number; world?: World; options?: Partial<RaftOptions> }) {
    this.#random = newRandom(setup.seed ?? 1);
    this.world = setup.world ?? calmWorld;
    this.#options = setup.options ?? {};
    const ids = Array.from({ length: setup.members }, (_, at) => String.fromCharCode(97 + at));
    this.members = ids.map((id) => ({ id, address: `${id}:1` }));
    for (const id of ids) {
      this.hosts.set(id, newHost(id, forkRandom(this.#random)));
      this.start(id);
    }
  }

  host(id: string): Host {
    const host = this.hosts.get(id);
    invariant(host !== undefined, `${id} is a member`);
    return host;
  }

  state(id: string): Readonly<RaftState> {
    const { raft } = this.host(id);
    invariant(raft !== undefined, `${id} is up`);
    return raft.inspect();
  }

  /** Starts a member from what its disk holds. */
  start(id: string): void {
    const host = this.host(id);
    invariant(host.raft === undefined, `${id} is down`);
    const recovery = new Recovery(this.members, this.#options.tailBytesMax ?? 2 ** 23);
    for (const record of host.stored) recovery.take(decodeRecord(record.kind, record.bytes));
    const memory = recovery.finish();
    const name = memory.snapshot;
    const snapshot = name === undefined ? undefined : host.snapshots.get(name.index);
    host.applied = snapshot === undefined ? [] : JSON.parse(fromUtf8(snapshot.content));
    host.appliedIndex = name?.index ?? 0;
    const { receiving } = host;
    const incoming = receiving && { snapshot: receiving.name, received: receiving.content.length };
    const options = { ...this.#options, id, seed: nextBelow(host.random, 2 ** 30) };
    host.raft = new Raft(options, { memory, applied: host.appliedIndex, ...(incoming && { incoming }) });
    host.gate = new Gate(host.raft);
    host.durableCount = 0;
    host.life++;
    this.invariants.restarted(id);
    this.#tickLater(host, host.life);
    for (const other of this.hosts.keys()) if (other !== id) this.#linkLater(other, id, true);
  }

  /** Kills a member: what was not durable is lost, or by chance a first part of it is not. */
  crash(id: string, hint = true): void {
    const host = this.host(id);
    const pending = [...(host.writing ?? []), ...host.waiting];
    for (const record of pending.slice(0, nextBelow(host.random, pending.length + 1))) storeRecord(host, record);
    host.raft = undefined;
    host.gate = undefined;
    host.writing = undefined;
    host.waiting = [];
    host.life++;
    if (hint) for (const other of this.hosts.keys()) if (other !== id) this.#linkLater(other, id, false);
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  isolate(id: string): void {
    for (const other of this.hosts.keys()) {
      if (other === id) continue;
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Hands a request to a member's owner side; returns its number. */
  propose(id: string, ...texts: string[]): number {
    const number = ++this.#requestId;
    this.step(id, [{ kind: "request", request: { kind: "propose", id: number, payloads: texts.map(toUtf8) } }]);
    return number;
  }

  barrier(id: string): number {
    const number = ++this.#requestId;
    this.step(id, [{ kind: "request", request: { kind: "barrier", id: number } }]);
    return number;
  }

  /** Snapshots what a member has applied, as its owner would. */
  snapshot(id: string): void {
    const host = this.host(id);
    const { commit, log } = this.state(id);
    if (host.appliedIndex === 0 || host.appliedIndex > commit || host.snapshots.has(host.appliedIndex)) return;
    const content = toUtf8(JSON.stringify(host.applied));
    const term = log.runs.findLast((run) => run.index <= host.appliedIndex)?.term;
    if (term === undefined) return;
    const name = { index: host.appliedIndex, term, bytes: content.length, checksum: crc32(content) };
    host.snapshots.set(name.index, { name, content });
    this.step(id, [{ kind: "request", request: { kind: "snapshotTaken", snapshot: name } }]);
  }

  request(id: string, request: LogRequest): void {
    this.step(id, [{ kind: "request", request }]);
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > end) break;
      this.#events.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  /** Lets time pass until `isDone`, at most `msMax`: false when it never was. */
  runUntil(isDone: () => boolean, msMax = 20_000): boolean {
    const end = this.now + msMax;
    while (!isDone()) {
      if (this.now >= end) return false;
      this.run(tickMs);
    }
    return true;
  }

  /** The leader that a majority follows, once there is one. */
  leader(except?: string): string {
    const find = () => this.#leaders().find((id) => id !== except);
    invariant(
      this.runUntil(() => find() !== undefined),
      "a leader is elected",
    );
    return find() ?? "";
  }

  #leaders(): string[] {
    const live = [...this.hosts.values()].filter((host) => host.raft !== undefined);
    const isFollowed = (id: string) =>
      live.filter((host) => this.state(host.id).leader === id).length > this.hosts.size / 2;
    return live.map((host) => host.id).filter((id) => this.state(id).role === "leader" && isFollowed(id));
  }

  /** What became of request `number`, in order, on member `id`. */
  fate(id: string, number: number): string[] {
    const fates: string[] = [];
    for (const output of this.host(id).outputs) {
      if (output.kind === "accepted" && output.id === number) fates.push("accepted");
      if (output.kind === "refused" && output.id === number) fates.push(`refused ${output.reason}`);
      if (output.kind === "settled" && output.id === number) fates.push(output.outcome);
      if (output.kind === "readable" && output.ids.includes(number)) fates.push(`readable ${output.index}`);
    }
    return fates;
  }

  step(id: string, inputs: readonly Input<RaftVocabulary>[]): void {
    const host = this.host(id);
    if (host.gate === undefined) return;
    const outputs: LogOutput[] = [];
    host.gate.step(inputs, this.now, {
      send: (to, message) => this.#send(host, to, message),
      persist: (records) => this.#persist(host, records),
      output: (output) => outputs.push(output),
    });
    this.invariants.check(id, this.state(id));
    if (outputs.length === 0) return;
    const applied = host.appliedIndex;
    for (const output of outputs) this.#take(host, output);
    if (host.appliedIndex !== applied) this.request(id, { kind: "applied", index: host.appliedIndex });
  }

  #send(host: Host, to: string, message: RaftMessage): void {
    this.onSend(host.id, to, message);
    const bytes = encodeMessage(message);
    const copies = chance(this.#random, this.world.repeat) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (chance(this.#random, this.world.loss)) continue;
      this.#later(this.world.delayMs, () => {
        if (this.#cuts.has(`${host.id}>${to}`)) return;
        this.step(to, [{ kind: "receive", from: host.id, message: decodeMessage(bytes) }]);
      });
    }
  }

  #persist(host: Host, records: readonly RaftRecord[]): void {
    host.waiting.push(...records);
    this.#write(host);
  }

  /** One write at a time; what waits meanwhile shares the next. */
  #write(host: Host): void {
    if (host.writing !== undefined || host.waiting.length === 0 || host.fullDisk || host.stuckDisk) return;
    const records = host.waiting;
    host.writing = records;
    host.waiting = [];
    const { life } = host;
    this.#later(this.world.diskMs, () => {
      if (host.life !== life) return;
      for (const record of records) storeRecord(host, record);
      host.writing = undefined;
      host.durableCount += records.length;
      this.step(host.id, [{ kind: "persisted", count: host.durableCount }]);
      this.#write(host);
    });
  }

  /** The disk works again. */
  mendDisk(id: string): void {
    const host = this.host(id);
    host.fullDisk = false;
    host.stuckDisk = false;
    this.#write(host);
  }

  #take(host: Host, output: LogOutput): void {
    host.outputs.push(output);
    if (output.kind === "committed") {
      invariant(output.from === host.appliedIndex + 1, "entries are delivered without gap or repetition");
      for (const entry of output.entries) {
        host.appliedIndex++;
        this.invariants.applied(host.id, host.appliedIndex, entry);
        if (entry.kind === "payload") host.applied.push(fromUtf8(entry.payload));
      }
    }
    if (output.kind === "restore") {
      const content = host.snapshots.get(output.snapshot.index)?.content;
      invariant(content !== undefined, "a snapshot to restore is stored");
      host.applied = JSON.parse(fromUtf8(content));
      host.appliedIndex = output.snapshot.index;
    }
    if (output.kind === "want") this.#supply(host, output.want, output.what);
  }

  #supply(host: Host, want: number, what: Extract<LogOutput, { kind: "want" }>["what"]): void {
    const { life } = host;
    this.#later(this.world.diskMs, () => {
      if (host.life !== life) return;
      this.request(host.id, { kind: "supply", want, found: find(host, what) });
    });
  }

  #linkLater(id: string, peer: string, up: boolean): void {
    this.#later([0, 1], () => this.step(id, [{ kind: "link", peer, up }]));
  }

  #tickLater(host: Host, life: number): void {
    this.#at(this.now + tickMs, () => {
      if (host.life !== life) return;
      this.step(host.id, [{ kind: "tick" }]);
      this.#tickLater(host, life);
    });
  }

  #later([least, most]: readonly [number, number], run: () => void): void {
    this.#at(this.now + least + nextBelow(this.#random, most - least + 1), run);
  }

  #at(at: number, run: () => void): void {
    const event = { at, order: ++this.#order, run };
    let place = this.#events.length;
    while (place > 0 && (this.#events[place - 1]?.at ?? 0) > at) place--;
    this.#events.splice(place, 0, event);
  }
}

function newHost(id: string, random: Random): Host {
  return {
    id,
    random,
    life: 0,
    raft: undefined,
    gate: undefined,
    stored: [],
    writing: undefined,
    waiting: [],
    durableCount: 0,
    snapshots: new Map(),
    receiving: undefined,
    applied: [],
    appliedIndex: 0,
    outputs: [],
    fullDisk: false,
    stuckDisk: false,
  };
}

function storeRecord(host: Host, record: RaftRecord): void {
  if (record.kind !== "chunk") {
    host.stored.push({ kind: recordKinds.indexOf(record.kind), bytes: encodeRecord(record) });
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

/** What storage answers to a core's question. */
function find(
  host: Host,
  what: Extract<LogOutput, { kind: "want" }>["what"],
): Extract<LogRequest, { kind: "supply" }>["found"] {
  if (what.kind === "chunk") {
    const content = host.snapshots.get(what.snapshot.index)?.content;
    if (content === undefined) return { kind: "gone" };
    return { kind: "chunk", offset: what.offset, bytes: content.subarray(what.offset, what.offset + what.bytesMax) };
  }
  const recovery = new Recovery([], Number.POSITIVE_INFINITY);
  for (const record of host.stored) recovery.take(decodeRecord(record.kind, record.bytes));
  const { log } = recovery.finish();
  const entries = log.tail.slice(what.from - log.tailFrom).slice(0, 3);
  if (what.from < log.tailFrom || entries.length === 0) return { kind: "gone" };
  return { kind: "entries", from: what.from, entries };
}
