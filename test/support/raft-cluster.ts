import { crc32 } from "node:zlib";
import { invariant } from "../../src/base/invariant.ts";
import { chance, forkRandom, newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  decodeMessage,
  encodeMessage,
  type LogOutput,
  type LogRequest,
  type Member,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftState,
  type RaftVocabulary,
  type Want,
} from "../../src/protocols/raft/index.ts";
import { boot, find, type Host, kill, newHost, preload, store, wipe } from "./raft-host.ts";
import { RaftInvariants } from "./raft-invariants.ts";
import { calmWorld, type Setup, type World } from "./raft-world.ts";
import { SimulatedTime } from "./simulated-time.ts";

/** Order within a step: what has arrived speaks before time does. */
const rank: Record<Input<RaftVocabulary>["kind"], number> = { receive: 0, link: 0, request: 1, persisted: 2, tick: 3 };

/** How finely `runUntil` looks, in ms. */
const lookMs = 5;

/**
 * A Raft group in one thread, where time, network, disks and faults follow from a seed.
 *
 * What is stored and sent goes through the codecs, and every step is followed by a check of the invariants.
 */
export class RaftCluster {
  readonly hosts = new Map<string, Host>();
  readonly members: Member[];
  readonly invariants = new RaftInvariants();
  world: World;
  readonly #random: Random;
  readonly #options: Partial<RaftOptions>;
  readonly #time = new SimulatedTime();
  readonly #cuts = new Set<string>();
  #requestId = 0;
  /** Sees every message as it is sent. */
  onSend: (from: string, to: string, message: RaftMessage) => void = () => undefined;
  /** Sees every output as its owner takes it. */
  onOutput: (id: string, output: LogOutput) => void = () => undefined;

  constructor(setup: Setup) {
    this.#random = newRandom(setup.seed ?? 1);
    this.world = setup.world ?? calmWorld;
    this.#options = setup.options ?? {};
    const [least, most] = setup.tickMs ?? [20, 20];
    const ids = Array.from({ length: setup.members }, (_, at) => String.fromCharCode(97 + at));
    this.members = ids.map((id) => ({ id, address: `${id}:1` }));
    for (const id of ids) {
      const tickMs = least + nextBelow(this.#random, most - least + 1);
      const random = forkRandom(this.#random);
      const host = newHost({ id, random, tickMs, keepsOneSnapshot: setup.keepsOneSnapshot ?? false });
      this.hosts.set(id, host);
      if (setup.past !== undefined) preload(host, setup.past.term, setup.past.logs.get(id) ?? []);
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

  /** All members' ids but `except`. */
  ids(...except: string[]): string[] {
    return [...this.hosts.keys()].filter((id) => !except.includes(id));
  }

  isUp(id: string): boolean {
    return this.host(id).raft !== undefined;
  }

  /** Starts a member from what its disk holds. */
  start(id: string): void {
    const host = this.host(id);
    const raft = boot(host, this.members, this.#options);
    this.invariants.restarted(id, raft.inspect());
    this.#tickLater(host, host.life);
    this.hint(id, true);
  }

  /** Kills a member; with `hint` the others' links to it break visibly. */
  crash(id: string, hint = true): void {
    kill(this.host(id));
    if (hint) this.hint(id, false);
  }

  /** Gives a member that is down an empty disk. */
  wipe(id: string): void {
    wipe(this.host(id));
    this.invariants.wiped(id);
  }

  /** Stops a member's thread; its network and its disk go on. */
  pause(id: string): void {
    this.host(id).isPaused = true;
  }

  unpause(id: string): void {
    const host = this.host(id);
    host.isPaused = false;
    if (host.inbox.length > 0) this.#stepNow(host);
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  isolate(id: string): void {
    this.split(id);
  }

  /** Cuts every link, both ways, between `ids` and all others. */
  split(...ids: string[]): void {
    for (const id of ids) {
      for (const other of this.ids(...ids)) {
        this.cut(id, other);
        this.cut(other, id);
      }
    }
  }

  /** Both ends of every link of `id` are told that it broke, or is there again. */
  hint(id: string, up: boolean): void {
    for (const other of this.ids(id)) {
      this.#linkLater(other, id, up);
      this.#linkLater(id, other, up);
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
    this.step(id, [{ kind: "request", request: { kind: "barrier", id: number, mode: "quorum" } }]);
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

  /** Simulated ms since the beginning. */
  get now(): number {
    return this.#time.now;
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    this.#time.pass(ms);
  }

  /** Lets time pass until `isDone`, at most `msMax`: false when it never was. */
  runUntil(isDone: () => boolean, msMax = 20_000): boolean {
    const end = this.now + msMax;
    while (!isDone()) {
      if (this.now >= end) return false;
      this.run(lookMs);
    }
    return true;
  }

  /** Ends a member's patience; it leads if the others let it. */
  elect(id: string): void {
    while (this.state(id).role === "follower") this.step(id, [{ kind: "tick" }]);
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

  /** What every member's owner has taken in. */
  applied(): string[][] {
    return this.ids().map((id) => this.host(id).applied);
  }

  /** Whether every member's owner has taken in `text`. */
  agreesOn(text: string): boolean {
    return this.applied().every((texts) => texts.includes(text));
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

  /** Hands inputs to a member: a step at once, or with what else arrives meanwhile. */
  step(id: string, inputs: readonly Input<RaftVocabulary>[]): void {
    const host = this.host(id);
    if (host.gate === undefined) return;
    host.inbox.push(...inputs);
    if (host.isPaused || host.isStepDue) return;
    if (this.world.batchMs === 0) return this.#stepNow(host);
    host.isStepDue = true;
    const { life } = host;
    this.#later([0, this.world.batchMs], () => {
      if (host.life !== life) return;
      host.isStepDue = false;
      if (!host.isPaused) this.#stepNow(host);
    });
  }

  #stepNow(host: Host): void {
    if (host.gate === undefined) return;
    const inputs = host.inbox.toSorted((left, right) => rank[left.kind] - rank[right.kind]);
    const batch = inputs.filter((input, at) => input.kind !== "tick" || inputs[at - 1]?.kind !== "tick");
    host.inbox = [];
    const outputs: LogOutput[] = [];
    host.gate.step(batch, this.now, {
      send: (to, message) => this.#send(host, to, message),
      persist: (records) => this.#persist(host, records),
      output: (output) => outputs.push(output),
    });
    this.invariants.check(host.id, this.state(host.id));
    const applied = host.appliedIndex;
    for (const output of outputs) this.#take(host, output);
    if (host.appliedIndex !== applied && !host.isOwnerBusy) this.giveCredit(host.id);
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
      for (const record of records) store(host, record);
      host.writing = undefined;
      host.durableCount += records.length;
      this.step(host.id, [{ kind: "persisted", count: host.durableCount }]);
      this.#write(host);
    });
  }

  /** The owner takes in entries, but gives no credit for more until `giveCredit`. */
  holdCredit(id: string): void {
    this.host(id).isOwnerBusy = true;
  }

  giveCredit(id: string): void {
    const host = this.host(id);
    host.isOwnerBusy = false;
    this.request(id, { kind: "applied", index: host.appliedIndex });
  }

  /** No write ends any more. */
  stickDisk(id: string): void {
    this.host(id).stuckDisk = true;
  }

  /** No write finds room any more: the owner resigns, as `runtime` does. */
  fillDisk(id: string): void {
    this.host(id).fullDisk = true;
    this.request(id, { kind: "resign", reason: "disk-full" });
  }

  /** The disk works again. */
  mendDisk(id: string): void {
    const host = this.host(id);
    if (host.fullDisk) this.request(id, { kind: "resume" });
    host.fullDisk = false;
    host.stuckDisk = false;
    this.#write(host);
  }

  #take(host: Host, output: LogOutput): void {
    host.outputs.push(output);
    this.onOutput(host.id, output);
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

  /** A read of storage sees what was durable at some moment between question and answer. */
  #supply(host: Host, want: number, what: Want): void {
    const { life } = host;
    if (chance(this.#random, this.world.lostReads)) return;
    const early = chance(this.#random, 0.5) ? find(host, what) : undefined;
    this.#later(this.world.diskMs, () => {
      if (host.life !== life) return;
      this.request(host.id, { kind: "supply", want, found: early ?? find(host, what) });
    });
  }

  /** A link's state is seen after what was sent over it before, as with TCP. */
  #linkLater(id: string, peer: string, up: boolean): void {
    const [, most] = this.world.delayMs;
    this.#later([most, most + 1], () => this.step(id, [{ kind: "link", peer, up }]));
  }

  #tickLater(host: Host, life: number): void {
    this.#time.after(host.tickMs, () => {
      if (host.life !== life) return;
      this.step(host.id, [{ kind: "tick" }]);
      this.#tickLater(host, life);
    });
  }

  #later([least, most]: readonly [number, number], run: () => void): void {
    this.#time.after(least + nextBelow(this.#random, most - least + 1), run);
  }
}
