import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { Member, Membership, SnapshotName } from "../../../protocols/replicated-log.ts";
import type { BarrierOptions, Delivery, NodeEvent, NodeStatus, WaitOptions } from "../../api.ts";
import { type Backup, backupOf } from "../../backups/backup-file.ts";
import { InvalidChangeError, OptionError, TooLargeError } from "../../errors.ts";
import { Applied } from "../../node/applied.ts";
import { Emitter } from "../../node/emitter.ts";
import type { MachineLog } from "../../node/machine-node.ts";
import type { Proposal } from "../../node/proposals.ts";
import type { Patience } from "../../node/waiter.ts";
import { memorySnapshots } from "../../snapshots/memory.ts";
import { GroupMember, type RawDelivery } from "../member/member.ts";
import type { StateBytes } from "../member/state-transfer.ts";
import type { MemberConfig } from "../options.ts";
import type { GroupView } from "../views.ts";
import { GroupBarriers } from "./barriers.ts";

type State = Parameters<NonNullable<MachineLog["keepState"]>>[0];

/** A group as the order under a replicated machine: positions are its indexes, and nothing is stored. */
export class GroupLog implements MachineLog {
  readonly id: NodeId;
  readonly closed: Promise<void>;
  readonly #member: GroupMember;
  readonly #config: MemberConfig;
  readonly #addresses: ReadonlyMap<NodeId, string>;
  readonly #emitter = new Emitter();
  readonly #applied: Applied;
  readonly #barriers: GroupBarriers;
  readonly #snapshots = memorySnapshots();
  #newest: SnapshotName | undefined;
  #state: State | undefined;
  #readyAt: number | undefined;
  #told: string | undefined = "";

  constructor(config: MemberConfig, addresses: ReadonlyMap<NodeId, string>) {
    const state: StateBytes = {
      get: async () => (await this.#state?.get()) ?? [],
      set: (content, position) => this.#replace(content, position),
    };
    this.#config = config;
    this.#addresses = addresses;
    this.#member = new GroupMember(config, state);
    this.id = config.node;
    this.closed = this.#member.closed;
    this.#applied = new Applied(0, this.#member.waiters);
    this.#barriers = new GroupBarriers(
      (proposal, patience) => this.#member.submit(proposal, patience),
      this.#member.waiters,
    );
  }

  /** Starts; resolves once it listens. */
  async start(): Promise<void> {
    await this.#member.start((peer, up) => this.#emitter.emit({ kind: "link", peer, up }));
    void this.#follow();
    this.#member.joined.then(
      () => this.#findReadyPoint(),
      () => {}, // who waits for it is told by `closed`
    );
  }

  keepState(state: State): void {
    this.#state = state;
  }

  async #replace(content: AsyncIterable<Bytes>, position: number): Promise<void> {
    await this.#state?.set(content, position);
    this.#applied.restart(position);
    this.#emitter.emit({ kind: "restore", index: position });
  }

  /** Tells views as memberships. */
  async #follow(): Promise<void> {
    for await (const view of this.#member.views.read()) {
      this.#checkHealth();
      if (view.state !== "normal") continue;
      const members = this.#membersOf(view);
      const membership = { members, outgoing: [], learners: [] };
      this.#emitter.emit({ kind: "membership", index: view.position, isCommitted: true, ...membership });
    }
    this.#checkHealth();
  }

  #membersOf(view: GroupView | undefined): readonly Member[] {
    return (view?.members ?? []).map((id) => ({ id, address: this.#addresses.get(id) ?? id }));
  }

  #checkHealth(): void {
    const reason = this.#member.hindrance;
    if (reason === this.#told) return;
    this.#told = reason;
    this.#emitter.emit({ kind: "health", healthy: reason === undefined, reason: reason ?? "a member of the group" });
  }

  /** What was delivered in the group before this process came in. */
  #findReadyPoint(): void {
    this.#checkHealth();
    this.barrier({ timeoutMs: Number.POSITIVE_INFINITY }).then(
      (index) => {
        this.#readyAt = index;
      },
      () => {}, // closed meanwhile
    );
  }

  async *committed(options: { readonly from: number; readonly signal?: AbortSignal }): AsyncGenerator<Delivery, void> {
    if (options.from !== 0) throw new OptionError("from", "must be 0: nothing is stored");
    for await (const { position: index, payload } of this.#member.deliveries.read(itself, options.signal)) {
      if (payload.length > 0) yield { kind: "entries", entries: [{ index, payload }] };
      this.#applied.advance(index);
    }
  }

  get appliedIndex(): number {
    return this.#applied.index;
  }

  async applied(index: number, options: WaitOptions = {}): Promise<void> {
    await this.#applied.reached(index, this.#patience(options));
  }

  async barrier(options: BarrierOptions = {}): Promise<number> {
    if (options.consistency === "lease") throw new OptionError("consistency", "cannot be lease: there is no leader");
    return await this.#barriers.wait(this.#patience(options));
  }

  async propose(payload: Bytes, options: WaitOptions = {}): Promise<number> {
    const { valueBytesMax } = this.#config;
    if (payload.length > valueBytesMax) throw new TooLargeError(payload.length, valueBytesMax);
    return await new Promise((resolve, reject) => {
      this.submit({ payload, isRepeatable: false, committed: resolve, failed: reject }, options);
    });
  }

  submit(proposal: Proposal, options: WaitOptions): () => void {
    return this.#member.submit(proposal, this.#patience(options));
  }

  repeatAll(): void {
    // an incarnation multicasts nothing before it has the state, so none of its answers is passed over
  }

  #patience({ signal, timeoutMs = this.#config.timeoutMs }: WaitOptions): Patience {
    return { timeoutMs, ...(signal && { signal }) };
  }

  /** In memory, for a backup. */
  async saveSnapshot(index: number, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<void> {
    const term = this.#member.views.current?.number ?? 0;
    this.#newest = await this.#snapshots.save({ index, term }, chunks);
    await this.#snapshots.dropBefore(index);
  }

  async backup(index: number): Promise<Backup | undefined> {
    const newest = this.#newest;
    if (newest === undefined || newest.index < index) return undefined;
    const { clusterId } = this.#config;
    return backupOf(newest, { clusterId, nodeId: this.id }, this.#snapshots.content(newest));
  }

  async changeMembership(): Promise<Membership> {
    const why = "under total-order they are those given at the start, and come and go as they are started and stopped";
    throw new InvalidChangeError(`the members cannot be changed: ${why}`);
  }

  async transferLeadership(): Promise<void> {
    throw new InvalidChangeError("under total-order there is no leader to hand over to");
  }

  async ready(options: WaitOptions = {}): Promise<void> {
    await this.applied(await this.barrier(options), options);
  }

  status(): NodeStatus {
    const view = this.#member.views.current;
    const hindrance = this.#member.hindrance;
    const members = this.#membersOf(view);
    const links = this.#member.links();
    const applied = this.#applied.index;
    return {
      id: this.id,
      clusterId: this.#config.clusterId,
      role: "member",
      term: view?.number ?? 0,
      leader: undefined,
      healthy: hindrance === undefined,
      reason: hindrance ?? "a member of the group",
      ...{ last: applied, durable: 0, commit: applied, applied, snapshot: this.#newest?.index ?? 0 },
      readyAt: this.#readyAt,
      ...{ members, outgoing: [], learners: [], removed: false },
      peers: members.flatMap(({ id }) =>
        id === this.id ? [] : [{ id, linkUp: links.find(({ peer }) => peer === id)?.up ?? false }],
      ),
      disk: { state: "ok", bytes: 0, files: 0, syncs: 0 },
      waiting: this.#member.waiters.count,
    };
  }

  on<Kind extends NodeEvent["kind"]>(
    kind: Kind,
    listener: (event: Extract<NodeEvent, { kind: Kind }>) => void,
  ): () => void {
    return this.#emitter.on(kind, listener);
  }

  fail(error: unknown): void {
    this.#member.fail(error);
  }

  async close(): Promise<void> {
    await this.#member.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function itself(delivery: RawDelivery): RawDelivery {
  return delivery;
}
