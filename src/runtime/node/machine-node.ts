import { randomBytes } from "node:crypto";
import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { InvariantViolation } from "../../base/invariant.ts";
import type { Machine } from "../../machines/machine.ts";
import { type SessionAnswer, type SessionCommand, type SessionState, withSessions } from "../../machines/sessions.ts";
import type { Membership } from "../../protocols/replicated-log.ts";
import type {
  Delivery,
  ExecuteOptions,
  LogNode,
  MachineNode,
  NodeEvent,
  NodeStatus,
  ReadOptions,
  WaitOptions,
} from "../api.ts";
import type { Backup } from "../backups/backup-file.ts";
import {
  ClosedError,
  CommandFailedError,
  KeyReusedError,
  type OperatingError,
  OptionError,
  RequestExpiredError,
  TooLargeError,
} from "../errors.ts";
import type { NodeConfig } from "../options.ts";
import type { MembershipChange } from "./membership/membership-change.ts";
import type { Proposal } from "./proposals.ts";

/** How long commands are applied before other work gets a turn, in ms: a longer slice would starve heartbeats. */
const sliceMs = 4;

/** What an entry costs in the log besides its payload, in bytes, about. */
const entryOverheadBytes = 64;

const keyCharactersMax = 256;

type MachineConfig = Pick<NodeConfig, "notice" | "requestBytesMax" | "snapshotEveryBytes" | "timeoutMs">;

/** What a machine needs of the order under it, besides what every owner of a log may ask. */
export interface MachineLog extends LogNode {
  /** The index through which everything was taken in. */
  readonly appliedIndex: number;
  /** Resolves once everything through `index` was taken in. */
  applied(index: number, options?: WaitOptions): Promise<void>;
  /** Sees a proposal to its end; returns the call that ends the tries. */
  submit(proposal: Proposal, options: WaitOptions): () => void;
  /** Answers may have been passed over by a snapshot: what can be repeated is asked again. */
  repeatAll(): void;
  /** The newest snapshot, as a backup, if it holds everything through `index`. */
  backup(index: number): Promise<Backup | undefined>;
  /** Stops at once. */
  fail(error: unknown): void;
  /** For an order that is not stored, and gives newcomers the state itself: told once, before anything is taken in. */
  keepState?(state: {
    get(): Promise<Iterable<Bytes>>;
    set(content: AsyncIterable<Bytes>, index: number): Promise<void>;
  }): void;
}

/** A command on its way, and who waits for its answer. */
interface Pending<Answer> {
  readonly command: Bytes;
  resolve(answer: Answer): void;
  reject(error: OperatingError): void;
  /** The machine took it for too old to tell a repeat. */
  expired(): void;
}

/** A machine on a replicated log: applies what is committed, answers who asked, and snapshots itself. */
export class ReplicatedMachine<State, Command, Answer, Question, Reply>
  implements MachineNode<Command, Answer, Question, Reply>
{
  readonly id: NodeId;
  readonly closed: Promise<void>;
  readonly #node: MachineLog;
  readonly #config: MachineConfig;
  readonly #inner: Machine<State, Command, Answer, Question, Reply>;
  readonly #machine: Machine<SessionState<State>, SessionCommand, SessionAnswer<Answer>, Question, Reply>;
  /** Names this run of the process: sequences start anew with it. */
  readonly #client: string;
  readonly #pending = new Map<number, Pending<Answer>>();
  readonly #keyed = new Map<string, Set<Pending<Answer>>>();
  #state: SessionState<State>;
  #sequence = 0;
  #appliedIndex = 0;
  /** When others get a turn, by `performance.now()`. */
  #sliceEnd = 0;
  /** Snapshots restored: what they covered was not seen one by one. */
  #restoreCount = 0;
  #bytesSinceSnapshot = 0;
  /** The snapshot being written. */
  #saving: Promise<void> | undefined;
  /** A snapshot is wanted now, however little happened since the last one. */
  #isSaveWanted = false;

  constructor(node: MachineLog, config: MachineConfig, machine: Machine<State, Command, Answer, Question, Reply>) {
    this.id = node.id;
    this.closed = node.closed;
    this.#node = node;
    this.#config = config;
    this.#inner = machine;
    this.#machine = withSessions(machine);
    this.#state = this.#machine.initial();
    this.#client = `${node.id}.${randomBytes(9).toString("base64url")}`;
  }

  /** Begins to apply; resolves once the stored snapshot, if there is one, is restored. */
  async start(): Promise<void> {
    this.#node.keepState?.({
      get: async () => this.#machine.snapshot(this.#state),
      set: (content, index) => this.#replace(content, index),
    });
    const deliveries = this.#node.committed({ from: 0 })[Symbol.asyncIterator]();
    if (this.#node.status().snapshot > 0) await this.#take(await deliveries.next());
    this.#run(deliveries).catch((error: unknown) => this.#node.fail(error));
  }

  async #run(deliveries: AsyncIterator<Delivery>): Promise<void> {
    while (await this.#take(await deliveries.next()));
  }

  /** Takes in one delivery; everything before it is acknowledged by now. False at the end. */
  async #take(next: IteratorResult<Delivery>): Promise<boolean> {
    if (next.done === true) return false;
    const delivery = next.value;
    if (delivery.kind === "snapshot") {
      await this.#replace(delivery.content, delivery.index);
      return true;
    }
    this.#saveIfDue();
    const now = performance.now();
    if (now > this.#sliceEnd) this.#sliceEnd = now + sliceMs; // it ended while nothing was to be applied
    for (const { index, payload } of delivery.entries) {
      this.#apply(index, payload);
      this.#bytesSinceSnapshot += payload.length + entryOverheadBytes;
      if (performance.now() >= this.#sliceEnd) await this.#pause();
    }
    return true;
  }

  /** Other work gets its turn. Meanwhile the state is ahead of what is acknowledged, as it is within a delivery. */
  async #pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEnd = performance.now() + sliceMs;
  }

  /** Takes over the state as of `index`. */
  async #replace(content: AsyncIterable<Bytes>, index: number): Promise<void> {
    this.#state = await this.#restore(content);
    this.#appliedIndex = index;
    this.#restoreCount++;
    this.#bytesSinceSnapshot = 0;
    this.#node.repeatAll(); // answers to our requests may be among what was not applied one by one
  }

  async #restore(content: AsyncIterable<Bytes>): Promise<SessionState<State>> {
    try {
      return await this.#machine.restore(content);
    } catch (error) {
      for await (const _ of content) {
        // if it is damaged, reading it to its end says so, and where
      }
      throw error;
    }
  }

  #apply(index: number, payload: Bytes): void {
    const command = this.#machine.command.decode(payload);
    const answer = this.#machine.apply(this.#state, command, index);
    this.#appliedIndex = index;
    if (command.client === this.#client) settle(this.#pending.get(command.sequence), answer);
    for (const pending of this.#keyed.get(command.client) ?? []) {
      if (Buffer.compare(pending.command, command.command) === 0) settle(pending, answer);
    }
  }

  #saveIfDue(): void {
    if (this.#saving !== undefined) return;
    if (!this.#isSaveWanted && this.#bytesSinceSnapshot < this.#config.snapshotEveryBytes) return;
    void this.#startSaving();
  }

  /** To be called when the state is that after the last acknowledged entry: between two deliveries. */
  #startSaving(): Promise<void> {
    const index = this.#node.appliedIndex;
    this.#isSaveWanted = false;
    this.#bytesSinceSnapshot = 0;
    this.#saving = this.#save(index).finally(() => {
      this.#saving = undefined;
    });
    this.#saving.catch((error: unknown) => this.#saveFailed(index, error));
    return this.#saving;
  }

  async #save(index: number): Promise<void> {
    await this.#node.saveSnapshot(index, this.#machine.snapshot(this.#state));
  }

  /** A snapshot that fails is told and taken again later: the log still holds all that it would. */
  #saveFailed(index: number, error: unknown): void {
    if (error instanceof InvariantViolation) this.#node.fail(error);
    else if (!(error instanceof ClosedError)) {
      this.#config.notice("warn", "a snapshot could not be stored", { index, error });
    }
  }

  async backup(options: WaitOptions = {}): Promise<Backup> {
    const index = await this.#node.barrier(options);
    await this.#node.applied(index, options);
    for (;;) {
      await this.#saving?.catch(noop); // of an earlier state, perhaps; its failure is told elsewhere
      const backup = await this.#node.backup(index);
      if (backup !== undefined) return backup;
      await this.#saveNow(options);
    }
  }

  /** Takes a snapshot of what is applied by now. Rejects as the snapshot does. */
  async #saveNow(options: WaitOptions): Promise<void> {
    this.#isSaveWanted = true;
    await this.#node.applied(this.#appliedIndex, options);
    // Acknowledged, and nothing was taken in since, or `#take` has begun the snapshot meanwhile.
    await (this.#isSaveWanted && this.#saving === undefined ? this.#startSaving() : this.#saving);
  }

  async execute(command: Command, options: ExecuteOptions = {}): Promise<Answer> {
    const bytes = this.#inner.command.encode(command);
    const { requestBytesMax } = this.#config;
    if (bytes.length > requestBytesMax) throw new TooLargeError(bytes.length, requestBytesMax);
    const { key } = options;
    if (key !== undefined && (key.length < 1 || key.length > keyCharactersMax)) {
      throw new OptionError("key", `must have 1 to ${keyCharactersMax} characters`);
    }
    const deadline = performance.now() + (options.timeoutMs ?? this.#config.timeoutMs);
    return await new Promise((resolve, reject) => {
      const { name, release } = key === undefined ? this.#nameNext() : this.#nameByKey(key);
      const restoreCount = this.#restoreCount;
      const wasKnown = this.#state.clients.has(name.client) && key !== undefined;
      let end: () => void = noop;
      const finish = () => {
        release(pending);
        end();
      };
      const pending: Pending<Answer> = {
        command: bytes,
        resolve: (answer) => {
          finish();
          resolve(answer);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
        expired: () => {
          if (wasKnown || restoreCount !== this.#restoreCount) return pending.reject(new RequestExpiredError());
          end(); // issued with an old index, by a member that was behind: nothing of it was applied, so it may again
          issue();
        },
      };
      const issue = () => {
        const payload = this.#machine.command.encode({ ...name, issuedAt: this.#appliedIndex, command: bytes });
        const proposal = { payload, isRepeatable: true, committed: noop, failed: pending.reject };
        try {
          end = this.#node.submit(proposal, { ...options, timeoutMs: Math.max(1, deadline - performance.now()) });
        } catch (error) {
          pending.reject(error as OperatingError);
        }
      };
      this.#register(name, pending);
      issue();
    });
  }

  #register(name: { readonly client: string; readonly sequence: number }, pending: Pending<Answer>): void {
    if (name.client === this.#client) {
      this.#pending.set(name.sequence, pending);
      return;
    }
    const others = this.#keyed.get(name.client) ?? new Set();
    this.#keyed.set(name.client, others.add(pending));
  }

  /** The next of this process's own requests. Those below the oldest still waiting are settled for good. */
  #nameNext(): Naming<Answer> {
    const sequence = ++this.#sequence;
    const oldest: number = this.#pending.keys().next().value ?? sequence;
    return {
      name: { client: this.#client, sequence, settledBelow: oldest },
      release: () => this.#pending.delete(sequence),
    };
  }

  /** A request that the caller names, here and wherever else it may be retried. */
  #nameByKey(key: string): Naming<Answer> {
    const client = `key:${key}`;
    return {
      name: { client, sequence: 1, settledBelow: 0 },
      release: (pending) => {
        const others = this.#keyed.get(client);
        others?.delete(pending);
        if (others?.size === 0) this.#keyed.delete(client);
      },
    };
  }

  async read(question: Question, options: ReadOptions = {}): Promise<Reply> {
    const { consistency = "linearizable", ...waiting } = options;
    if (consistency !== "stale") {
      const startedAt = performance.now();
      const index = await this.#node.barrier({ ...waiting, consistency });
      const { timeoutMs = this.#config.timeoutMs } = options;
      const left = Math.max(1, timeoutMs - (performance.now() - startedAt));
      await this.#node.applied(index, { ...options, timeoutMs: left });
    }
    return this.#machine.query(this.#state, question);
  }

  changeMembership(change: MembershipChange, options?: WaitOptions): Promise<Membership> {
    return this.#node.changeMembership(change, options);
  }

  transferLeadership(to?: NodeId, options?: WaitOptions): Promise<void> {
    return this.#node.transferLeadership(to, options);
  }

  status(): NodeStatus {
    return this.#node.status();
  }

  on<Kind extends NodeEvent["kind"]>(
    kind: Kind,
    listener: (event: Extract<NodeEvent, { kind: Kind }>) => void,
  ): () => void {
    return this.#node.on(kind, listener);
  }

  async ready(options?: WaitOptions): Promise<void> {
    await this.#node.ready(options);
  }

  async close(): Promise<void> {
    await this.#node.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node.close();
  }
}

interface Naming<Answer> {
  readonly name: { readonly client: string; readonly sequence: number; readonly settledBelow: number };
  readonly release: (pending: Pending<Answer>) => void;
}

/** Gives a waiting caller what the machine, or the memory of an earlier try, answered. */
function settle<Answer>(pending: Pending<Answer> | undefined, answer: SessionAnswer<Answer>): void {
  if (pending === undefined) return;
  switch (answer.kind) {
    case "answer":
      return pending.resolve(answer.answer);
    case "failed":
      return pending.reject(new CommandFailedError(answer.message));
    case "expired":
      return pending.expired();
    case "mismatch":
      return pending.reject(new KeyReusedError());
  }
}

function noop(): void {
  // nothing to do
}
