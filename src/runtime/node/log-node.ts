import { randomInt } from "node:crypto";
import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import {
  decodeMessage,
  encodeMessage,
  Raft,
  type RaftMessage,
  type RaftVocabulary,
} from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import { type LogOutput, type LogRequest, participantsOf } from "../../protocols/replicated-log.ts";
import type { Delivery, LogNode, NodeEvent, NodeStatus, Role, WaitOptions } from "../api.ts";
import { type Backup, backupOf } from "../backups/backup-file.ts";
import { Drive, type DriveHost } from "../drive.ts";
import { ClosedError, DiskFullError, OptionError, TooLargeError } from "../errors.ts";
import type { NodeConfig } from "../options.ts";
import type { Storage } from "../storage.ts";
import type { Transport } from "../transports/transport.ts";
import { Applied } from "./applied.ts";
import { Barriers } from "./barriers.ts";
import { Deliveries } from "./deliveries.ts";
import { Emitter } from "./emitter.ts";
import { type Proposal, Proposals } from "./proposals.ts";
import { Saving } from "./saving.ts";
import { roleOf, statusOf } from "./status.ts";
import { type Patience, Waiters } from "./waiter.ts";

/** How long a closing node waits for what is in flight, in ms. */
const drainMsMax = 3000;

/** What a machine's node may add to a request, in bytes: who asked, and which of its requests it is. */
const envelopeBytesMax = 2048;

/** Entries a restarting member keeps in memory, in bytes; as much as the core keeps. */
export const tailBytesMax: number = 8 * 2 ** 20;

/** One member of a replicated log: a Raft core with its storage, its transport, and the callers who wait for it. */
export class RaftNode implements LogNode {
  readonly id: NodeId;
  readonly closed: Promise<void>;
  readonly #config: NodeConfig;
  readonly #storage: Storage;
  readonly #transport: Transport;
  readonly #raft: Raft;
  readonly #drive: Drive<RaftVocabulary>;
  readonly #emitter = new Emitter();
  readonly #waiters = new Waiters(() => this.#retryParked());
  readonly #proposals: Proposals;
  readonly #barriers: Barriers;
  readonly #applied: Applied;
  readonly #deliveries: Deliveries;
  readonly #saving: Saving;
  readonly #seen: { role: Role; term: number; commit: number; healthy: boolean };
  readonly #draining = new AbortController();
  #idCount = 0;
  #isDiskFull = false;
  #readyAt: number | undefined;
  #closing: Promise<void> | undefined;
  #isShut = false;
  #failure: unknown;
  #settleClosed: { resolve: () => void; reject: (error: unknown) => void } = { resolve: noop, reject: noop };

  constructor(config: NodeConfig, storage: Storage, transport: Transport) {
    this.id = config.id;
    this.#config = config;
    this.#storage = storage;
    this.#transport = transport;
    const applied = storage.memory.snapshot?.index ?? 0;
    const seed = randomInt(2 ** 47);
    const { electionTicks, heartbeatTicks } = config;
    const payloadBytesMax = config.requestBytesMax + envelopeBytesMax;
    this.#raft = new Raft(
      { id: config.id, seed, electionTicks, heartbeatTicks, payloadBytesMax, tailBytesMax },
      { memory: storage.memory, applied, ...(storage.partial && { incoming: storage.partial }) },
    );
    const request = (ask: LogRequest) => this.#drive.request(ask);
    const nextId = () => ++this.#idCount;
    this.#proposals = new Proposals(request, nextId, this.#waiters, payloadBytesMax);
    this.#barriers = new Barriers(request, nextId, this.#waiters);
    this.#applied = new Applied(applied, this.#waiters);
    this.#deliveries = new Deliveries(
      (index) => {
        this.#applied.advance(index);
        request({ kind: "applied", index });
      },
      (snapshot) => storage.snapshots.content(snapshot),
      storage.memory.snapshot,
    );
    this.#saving = new Saving(storage.snapshots, () => this.#checkOpen());
    this.#seen = { role: "follower", term: storage.memory.term, commit: applied, healthy: false };
    this.#drive = new Drive(this.#raft, this.#host(), config.tickMs);
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = { resolve, reject };
    });
    this.closed.catch(noop); // who does not look at it learns of a failure from the requests, and from notices
  }

  /** Joins the others. Throws `AddressInUseError`. */
  async start(): Promise<void> {
    await this.#transport.start({
      id: this.id,
      clusterId: this.#storage.clusterId,
      receive: (from, frame) => this.#receive(from, frame),
      link: (peer, up) => {
        this.#drive.link(peer, up);
        this.#emitter.emit({ kind: "link", peer, up });
      },
    });
    this.#transport.setMembers(participantsOf(this.#raft.inspect().membership));
    this.#drive.start();
    this.#findReadyPoint();
  }

  #host(): DriveHost<RaftVocabulary> {
    return {
      store: (records) => this.#storage.records.store(records),
      send: (to, message) => this.#send(to, message),
      output: (output) => this.#take(output),
      stepped: () => this.#stepped(),
      diskFull: (isFull) => this.#diskFull(isFull),
      failed: (error) => this.fail(error),
    };
  }

  #send(to: NodeId, message: RaftMessage): void {
    this.#transport.send(to, encodeMessage(message));
    if (this.#emitter.has("message")) this.#emitter.emit({ kind: "message", direction: "sent", peer: to, message });
  }

  #receive(from: NodeId, frame: Bytes): void {
    let message: RaftMessage;
    try {
      message = decodeMessage(frame);
    } catch (error) {
      this.#config.notice("warn", "dropped a malformed message", { from, error });
      return;
    }
    if (this.#emitter.has("message")) {
      this.#emitter.emit({ kind: "message", direction: "received", peer: from, message });
    }
    this.#drive.receive(from, message);
  }

  #take(output: LogOutput): void {
    switch (output.kind) {
      case "accepted":
      case "settled":
        this.#proposals.take(output);
        return;
      case "refused":
        if (!this.#proposals.take(output)) this.#barriers.refused(output.id, output.reason);
        return;
      case "readable":
        return this.#barriers.readable(output.ids, output.index);
      case "committed":
        return this.#deliveries.push({ kind: "entries", from: output.from, entries: output.entries });
      case "restore":
        this.#deliveries.push({ kind: "snapshot", snapshot: output.snapshot });
        this.#emitter.emit({ kind: "restore", index: output.snapshot.index });
        return;
      case "want":
        this.#supply(output);
        return;
      case "membership":
        return this.#transport.setMembers(participantsOf(output.membership));
      case "removed":
        return; // told what is committed so far, and asked no more
      case "leader":
        return this.#leader(output.term, output.leader);
    }
  }

  #supply({ want, what }: Extract<LogOutput, { kind: "want" }>): void {
    this.#storage.records.find(what).then(
      (found) => this.#drive.request({ kind: "supply", want, found }),
      (error: unknown) => this.fail(error),
    );
  }

  #leader(term: number, leader: NodeId | undefined): void {
    this.#emitter.emit({ kind: "leader", leader, term });
    this.#retryParked();
  }

  /** A leader may also refuse for want of leadership and remain the leader: so not at its election alone. */
  #retryParked(): void {
    if (this.#raft.inspect().leader === undefined) return;
    this.#proposals.leaderKnown();
    this.#barriers.leaderKnown();
  }

  /** What was committed when the cluster was first reached: ready once that is applied here. */
  #findReadyPoint(): void {
    this.#barriers.wait({ timeoutMs: Number.POSITIVE_INFINITY, signal: this.#draining.signal }).then((index) => {
      this.#readyAt = index;
    }, noop);
  }

  #stepped(): void {
    const state = this.#raft.inspect();
    const role = roleOf(state);
    const seen = this.#seen;
    if (role !== seen.role) this.#emitter.emit({ kind: "role", role, term: state.term });
    if (state.commit !== seen.commit) this.#emitter.emit({ kind: "commit", index: state.commit });
    seen.role = role;
    seen.commit = state.commit;
    this.#checkHealth();
  }

  #checkHealth(): void {
    const reason = this.#hindrance();
    const healthy = reason === undefined;
    if (healthy === this.#seen.healthy) return;
    this.#seen.healthy = healthy;
    this.#emitter.emit({ kind: "health", healthy, reason: reason ?? `${this.#raft.inspect().leader} leads` });
  }

  #hindrance(): string | undefined {
    if (this.#failure !== undefined) return "the node broke";
    if (this.#closing !== undefined) return "the node is closing";
    if (this.#isDiskFull) return "the disk is full";
    return this.#raft.inspect().leader === undefined ? "no leader is known" : undefined;
  }

  #diskFull(isFull: boolean): void {
    this.#isDiskFull = isFull;
    if (isFull) this.#drive.request({ kind: "resign", reason: "disk-full" });
    else this.#drive.request({ kind: "resume" });
    const text = isFull ? "the disk is full: stepped down, and waiting for room" : "the disk has room again";
    this.#config.notice(isFull ? "warn" : "info", text, { dataDir: this.#config.dataDir });
    this.#emitter.emit({ kind: "disk", state: isFull ? "full" : "ok" });
    this.#checkHealth();
  }

  /** Stops at once: after a failure nothing that this node says can be trusted. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#isShut) return;
    this.#failure = error;
    this.#config.notice("warn", "the node has stopped", { error });
    this.#checkHealth();
    this.#closing ??= this.#shutDown();
  }

  /** The index through which everything was taken in by the owner. */
  get appliedIndex(): number {
    return this.#applied.index;
  }

  on<Kind extends NodeEvent["kind"]>(
    kind: Kind,
    listener: (event: Extract<NodeEvent, { kind: Kind }>) => void,
  ): () => void {
    return this.#emitter.on(kind, listener);
  }

  status(): NodeStatus {
    return statusOf({
      state: this.#raft.inspect(),
      clusterId: this.#storage.clusterId,
      links: this.#transport.stats(),
      log: this.#storage.log.stats(),
      isDiskFull: this.#isDiskFull,
      applied: this.#applied.index,
      readyAt: this.#readyAt,
      waiting: this.#waiters.count,
      hindrance: this.#hindrance(),
    });
  }

  async ready(options: WaitOptions = {}): Promise<void> {
    await this.applied(await this.barrier(options), options);
  }

  async barrier(options: WaitOptions = {}): Promise<number> {
    this.#checkOpen();
    if (this.#isDiskFull) throw new DiskFullError("the data directory"); // it falls behind the others
    return await this.#barriers.wait(this.#patience(options));
  }

  /** Resolves once the reader of `committed` has acknowledged everything through `index`. */
  async applied(index: number, options: WaitOptions = {}): Promise<void> {
    await this.#applied.reached(index, this.#patience(options));
  }

  #patience({ signal, timeoutMs = this.#config.timeoutMs }: WaitOptions): Patience {
    return { timeoutMs, ...(signal && { signal }) };
  }

  async propose(payload: Bytes, options: WaitOptions = {}): Promise<number> {
    const { requestBytesMax } = this.#config;
    if (payload.length > requestBytesMax) throw new TooLargeError(payload.length, requestBytesMax);
    return await new Promise((resolve, reject) => {
      const end = this.submit(
        {
          payload: new Uint8Array(payload), // the caller may use its buffer again while members still fetch this
          isRepeatable: false,
          committed: (index) => {
            end();
            resolve(index);
          },
          failed: reject,
        },
        options,
      );
    });
  }

  /** Proposes on behalf of a machine, which knows repeats; returns the call that ends the tries. */
  submit(proposal: Proposal, options: WaitOptions): () => void {
    this.#checkOpen();
    return this.#proposals.submit(proposal, this.#patience(options));
  }

  /** Answers may have been passed over by a snapshot: what can be repeated is asked again. */
  repeatAll(): void {
    this.#proposals.repeatAll();
  }

  committed(options: { readonly from: number; readonly signal?: AbortSignal }): AsyncIterable<Delivery> {
    return this.#deliveries.read(options.from, options.signal);
  }

  async saveSnapshot(index: number, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<void> {
    this.#checkOpen();
    const state = this.#raft.inspect();
    const term = termAt(state.log, index);
    if (index > this.#applied.index || index <= (state.snapshot?.index ?? 0) || term === undefined) {
      throw new OptionError("index", `must be acknowledged, and after the last snapshot: ${index} is not`);
    }
    const snapshot = await this.#saving.save({ index, term }, chunks);
    this.#drive.request({ kind: "snapshotTaken", snapshot });
    await this.#storage.snapshots.dropBefore(index);
    this.#emitter.emit({ kind: "snapshot", index, bytes: snapshot.bytes });
  }

  /** The newest snapshot, as a backup, if it holds everything through `index`. */
  backup(index: number): Backup | undefined {
    const [known, saved] = [this.#raft.inspect().snapshot, this.#saving.newest];
    const snapshot = (saved?.index ?? 0) > (known?.index ?? 0) ? saved : known;
    if (snapshot === undefined || snapshot.index < index) return undefined;
    const identity = { clusterId: this.#storage.clusterId, nodeId: this.id };
    return backupOf(snapshot, identity, this.#storage.snapshots.content(snapshot));
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw new ClosedError("not-applied", { cause: this.#failure });
    if (this.#closing !== undefined) throw new ClosedError("not-applied");
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeGracefully();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeGracefully(): Promise<void> {
    this.#checkHealth();
    this.#draining.abort();
    const deadline = performance.now() + drainMsMax;
    while (this.#isBusy() && performance.now() < deadline) await sleep(10);
    this.#drive.request({ kind: "resign", reason: "stopping" });
    await sleep(1);
    await this.#shutDown();
  }

  #isBusy(): boolean {
    return this.#waiters.count + this.#saving.count > 0 && this.#failure === undefined;
  }

  async #shutDown(): Promise<void> {
    this.#waiters.close(this.#failure);
    await this.#drive.stop();
    this.#isShut = true;
    this.#deliveries.close();
    try {
      await this.#transport.close();
      await this.#storage.close();
    } catch (error) {
      this.#failure ??= error;
    }
    if (this.#failure === undefined) this.#settleClosed.resolve();
    else this.#settleClosed.reject(this.#failure);
  }
}

function noop(): void {
  // nothing to do
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
