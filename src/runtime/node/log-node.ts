import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { LogOutput, LogRequest, Membership } from "../../protocols/replicated-log.ts";
import type { BarrierOptions, Delivery, LogNode, NodeEvent, NodeStatus, Role, WaitOptions } from "../api.ts";
import { type Backup, backupOf } from "../backups/backup-file.ts";
import { Drive, type DriveHost } from "../drive.ts";
import { OptionError, RemovedError, TooLargeError } from "../errors.ts";
import type { NodeConfig } from "../options.ts";
import { votersMaxOf } from "../protocols/kinds.ts";
import type { LogMember, LogVocabulary } from "../protocols/log-protocol.ts";
import { type Storage, tailBytesMax } from "../storage.ts";
import type { Transport } from "../transports/transport.ts";
import { Applied } from "./applied.ts";
import { Barriers } from "./barriers.ts";
import { Deliveries } from "./deliveries.ts";
import { Emitter } from "./emitter.ts";
import { Health } from "./health.ts";
import { Changes } from "./membership/changes.ts";
import type { MembershipChange } from "./membership/membership-change.ts";
import { Roster } from "./membership/roster.ts";
import { type Proposal, Proposals } from "./proposals.ts";
import { Saving } from "./saving.ts";
import { statusOf } from "./status.ts";
import { type Patience, Waiters } from "./waiter.ts";
import { Wire } from "./wire.ts";

/** How long a closing node waits for what is in flight, in ms. */
const drainMsMax = 3000;

/** How long a closing leader waits for another to take over, in ms. */
const handOverMsMax = 1000;

/** How long a removed member is kept in touch with, in election timeouts: longer than the leader says goodbye. */
const farewellTimeouts = 4;

/** What a machine's node may add to a request, in bytes: who asked, and which of its requests it is. */
const envelopeBytesMax = 2048;

/** One member of a replicated log: a core with its storage, its transport, and the callers who wait for it. */
export class ReplicatedLogNode implements LogNode {
  readonly id: NodeId;
  readonly closed: Promise<void>;
  readonly #config: NodeConfig;
  readonly #storage: Storage;
  readonly #transport: Transport;
  readonly #member: LogMember;
  readonly #drive: Drive<LogVocabulary>;
  readonly #emitter = new Emitter();
  readonly #wire: Wire;
  readonly #waiters = new Waiters(() => this.#retryParked());
  readonly #proposals: Proposals;
  readonly #barriers: Barriers;
  readonly #changes: Changes;
  readonly #roster: Roster;
  readonly #health: Health;
  readonly #applied: Applied;
  readonly #deliveries: Deliveries;
  readonly #saving: Saving;
  readonly #seen: { role: Role; commit: number };
  readonly #draining = new AbortController();
  #idCount = 0;
  #readyAt: number | undefined;
  #closing: Promise<void> | undefined;
  #isShut = false;
  #settleClosed: { resolve: () => void; reject: (error: unknown) => void } = { resolve: noop, reject: noop };

  constructor(config: NodeConfig, storage: Storage, transport: Transport) {
    this.id = config.id;
    this.#config = config;
    this.#storage = storage;
    this.#transport = transport;
    const payloadBytesMax = config.requestBytesMax + envelopeBytesMax;
    const { protocol, memory, partial: incoming } = storage;
    const applied = memory.snapshot?.index ?? 0;
    this.#member = protocol.start(config, { payloadBytesMax, tailBytesMax, memory, incoming });
    this.#wire = new Wire(transport, protocol.codecs, this.#emitter, config.notice);
    const request = (ask: LogRequest) => this.#drive.request(ask);
    const nextId = () => ++this.#idCount;
    this.#proposals = new Proposals(request, nextId, this.#waiters, payloadBytesMax);
    this.#barriers = new Barriers(request, nextId, this.#waiters);
    this.#roster = new Roster(transport, {
      ...{ id: config.id, given: config.members, speaks: config.protocolVersionMax },
      farewellMs: farewellTimeouts * config.electionTicks * config.tickMs,
    });
    const standing = () => this.#member.standing();
    const confirm = (patience: Patience) => this.#barriers.wait(patience);
    const host = { id: config.id, request, nextId, standing, confirm, laggards: () => this.#roster.laggards };
    this.#changes = new Changes({ ...host, votersMax: votersMaxOf(config.protocol) }, this.#waiters);
    this.#health = new Health(config.id, standing, this.#emitter);
    this.#applied = new Applied(applied, this.#waiters);
    this.#deliveries = new Deliveries(
      (index) => {
        this.#applied.advance(index);
        request({ kind: "applied", index });
      },
      (snapshot) => storage.snapshots.content(snapshot),
      memory.snapshot,
    );
    this.#saving = new Saving(storage.snapshots, {
      known: () => standing().snapshot,
      find: (what) => storage.records.find(what),
      checkOpen: () => this.#health.checkOpen(),
      appliedIndex: () => this.appliedIndex,
      taken: (snapshot) => {
        request({ kind: "snapshotTaken", snapshot });
        this.#emitter.emit({ kind: "snapshot", index: snapshot.index, bytes: snapshot.bytes });
      },
      failed: (error) => this.fail(error),
    });
    this.#seen = { role: "follower", commit: applied };
    this.#drive = new Drive(this.#member.core, this.#host(), config.tickMs);
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
      protocol: this.#config.protocol,
      speaks: this.#config.protocolVersionMax,
      receive: (from, frame) => {
        const message = this.#wire.read(from, frame);
        if (message !== undefined) this.#drive.receive(from, message);
      },
      link: (peer, up, speaks) => {
        this.#roster.met(peer, speaks);
        this.#drive.link(peer, up, speaks);
        this.#emitter.emit({ kind: "link", peer, up });
      },
    });
    const { membership } = this.#member.standing();
    if (!this.#storage.isNew && !this.#config.join) this.#roster.compare(membership, this.#config.notice);
    this.#roster.follow(membership);
    this.#drive.start();
    this.#findReadyPoint();
  }

  #host(): DriveHost<LogVocabulary> {
    return {
      store: async (records) => {
        await this.#storage.records.store(records);
        this.#saving.recorded(this.#storage.records.recorded);
      },
      send: (to, message) => this.#wire.send(to, message),
      output: (output) => this.#take(output),
      stepped: () => this.#stepped(),
      diskFull: (isFull) => this.#diskFull(isFull),
      failed: (error) => this.fail(error),
    };
  }

  #take(output: LogOutput): void {
    switch (output.kind) {
      case "accepted":
      case "settled":
        if (!this.#changes.take(output)) this.#proposals.take(output);
        return;
      case "refused":
        if (this.#changes.take(output) || this.#proposals.take(output)) return;
        return this.#barriers.refused(output.id, output.reason);
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
        return this.#membership(output);
      case "removed":
        return this.#removed(output.index);
      case "leader":
        this.#emitter.emit(output);
        return this.#retryParked();
    }
  }

  #supply({ want, what }: Extract<LogOutput, { kind: "want" }>): void {
    this.#storage.records.find(what).then(
      (found) => this.#drive.request({ kind: "supply", want, found }),
      (error: unknown) => this.fail(error),
    );
  }

  /** A leader may also refuse for want of leadership and remain the leader: so not at its election alone. */
  #retryParked(): void {
    if (this.#member.standing().leader === undefined) return;
    this.#changes.leaderKnown();
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
    const { role, term, commit } = this.#member.standing();
    const seen = this.#seen;
    if (role !== seen.role) this.#emitter.emit({ kind: "role", role, term });
    if (commit !== seen.commit) this.#emitter.emit({ kind: "commit", index: commit });
    seen.role = role;
    seen.commit = commit;
    this.#health.check();
  }

  #membership(output: Extract<LogOutput, { kind: "membership" }>): void {
    const { index, membership, isCommitted } = output;
    this.#roster.follow(membership);
    if (membership.members.concat(membership.learners).some(({ id }) => id === this.id)) this.#health.isRemoved = false;
    this.#changes.membership(output);
    this.#emitter.emit({ kind: "membership", index, isCommitted, ...membership });
    this.#health.check();
  }

  #removed(index: number): void {
    this.#health.isRemoved = true;
    this.#health.check();
    this.#config.notice("warn", "this node was removed from the cluster, and takes no part any more", { index });
    this.#emitter.emit({ kind: "removed", index });
    this.#changes.removed(index);
    this.#waiters.abandonAll(new RemovedError(this.id));
  }

  #diskFull(isFull: boolean): void {
    this.#health.isDiskFull = isFull;
    if (isFull) this.#drive.request({ kind: "resign", reason: "disk-full" });
    else this.#drive.request({ kind: "resume" });
    const text = isFull ? "the disk is full: stepped down, and waiting for room" : "the disk has room again";
    this.#config.notice(isFull ? "warn" : "info", text, { dataDir: this.#config.dataDir });
    this.#emitter.emit({ kind: "disk", state: isFull ? "full" : "ok" });
    this.#health.check();
  }

  /** Stops at once: after a failure nothing that this node says can be trusted. */
  fail(error: unknown): void {
    if (this.#health.failure !== undefined || this.#isShut) return;
    this.#health.failure = error;
    this.#config.notice("warn", "the node has stopped", { error });
    this.#health.check();
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
      id: this.id,
      standing: this.#member.standing(),
      figures: this.#member.figures(),
      clusterId: this.#storage.clusterId,
      links: this.#transport.stats(),
      log: this.#storage.log.stats(),
      isDiskFull: this.#health.isDiskFull,
      isRemoved: this.#health.isRemoved,
      applied: this.#applied.index,
      readyAt: this.#readyAt,
      waiting: this.#waiters.count,
      hindrance: this.#health.hindrance,
    });
  }

  async ready(options: WaitOptions = {}): Promise<void> {
    await this.applied(await this.barrier(options), options);
  }

  async barrier(options: BarrierOptions = {}): Promise<number> {
    const isLease = options.consistency === "lease";
    if (isLease && !this.#config.leases) throw new OptionError("consistency", "can be lease only with leases: true");
    this.#health.checkOpen();
    this.#health.checkRoom();
    return await this.#barriers.wait(this.#patience(options), isLease ? "lease" : "quorum");
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
    this.#health.checkOpen();
    return await this.#proposals.once(payload, this.#patience(options));
  }

  /** Proposes on behalf of a machine, which knows repeats; returns the call that ends the tries. */
  submit(proposal: Proposal, options: WaitOptions): () => void {
    this.#health.checkOpen();
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
    await this.#saving.save(index, chunks);
  }

  /** The newest snapshot, as a backup, if it holds everything through `index`. */
  async backup(index: number): Promise<Backup | undefined> {
    const { newest } = this.#saving;
    if (newest === undefined || newest.index < index) return undefined;
    const { snapshots, clusterId } = this.#storage;
    if ((await snapshots.read(newest, 0, 1)) === undefined) return undefined; // kept for a minute after a read
    return backupOf(newest, { clusterId, nodeId: this.id }, snapshots.content(newest));
  }

  async changeMembership(change: MembershipChange, options: WaitOptions = {}): Promise<Membership> {
    this.#health.checkOpen();
    return await this.#changes.change(change, this.#patience(options));
  }

  async transferLeadership(to?: NodeId, options: WaitOptions = {}): Promise<void> {
    this.#health.checkOpen();
    await this.#changes.transfer(to, this.#patience(options));
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeGracefully();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeGracefully(): Promise<void> {
    this.#health.isClosing = true;
    this.#health.check();
    this.#draining.abort();
    const deadline = performance.now() + drainMsMax;
    while (this.#isBusy() && performance.now() < deadline) await sleep(10);
    await this.#changes.handOver(handOverMsMax);
    this.#drive.request({ kind: "resign", reason: "stopping" });
    await sleep(1);
    await this.#shutDown();
  }

  #isBusy(): boolean {
    return this.#waiters.count + this.#saving.count > 0 && this.#health.failure === undefined;
  }

  async #shutDown(): Promise<void> {
    this.#health.isClosing = true;
    this.#roster.close();
    this.#waiters.close(this.#health.failure);
    await this.#drive.stop();
    this.#isShut = true;
    this.#deliveries.close();
    try {
      await this.#transport.close();
      await this.#storage.close();
    } catch (error) {
      this.#health.failure ??= error;
    }
    if (this.#health.failure === undefined) this.#settleClosed.resolve();
    else this.#settleClosed.reject(this.#health.failure);
  }
}

function noop(): void {
  // nothing to do
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
