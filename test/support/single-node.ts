import { crc32 } from "node:zlib";
import type { NodeId } from "../../src/base/ids.ts";
import type { Machine } from "../../src/machines/machine.ts";
import { withSessions } from "../../src/machines/sessions.ts";
import type { Member, Membership } from "../../src/protocols/replicated-log.ts";
import type {
  ExecuteOptions,
  MachineNode,
  NodeEvent,
  NodeStatus,
  ReadOptions,
  WaitOptions,
} from "../../src/runtime/api.ts";
import { type Backup, backupOf } from "../../src/runtime/backups/backup-file.ts";
import {
  AbortedError,
  BusyError,
  InvalidChangeError,
  KeyReusedError,
  NoLeaderError,
  NotLeaderError,
  OutcomeUnknownError,
} from "../../src/runtime/errors.ts";
import { applyChange, type MembershipChange } from "../../src/runtime/node/membership/membership-change.ts";

/** How a node meets requests. `unknown`: applies writes, loses the answers; `held`: answers once the mood changes. */
export type Mood = "serving" | "leaderless" | "following" | "busy" | "unknown" | "held";

type Kind = NodeEvent["kind"];
type Listener = (event: NodeEvent) => void;

/** A cluster of one, in this process and in memory: a whole `MachineNode` with moods that tests choose. */
export class SingleNode<State, Command, Answer, Question, Reply>
  implements MachineNode<Command, Answer, Question, Reply>
{
  readonly id = "n1";
  readonly closed: Promise<void> = new Promise(() => {});
  readonly #machine: Machine<State, Command, Answer, Question, Reply>;
  readonly #state: State;
  /** By idempotency key: the command and its answer, as bytes. */
  readonly #answered = new Map<string, { readonly command: string; readonly answer: Uint8Array }>();
  readonly #listeners = new Map<Kind, Set<Listener>>();
  isDiskFull = false;
  #mood: Mood = "serving";
  #moodChanged = newSignal();
  #index = 0;
  #waiting = 0;

  constructor(machine: Machine<State, Command, Answer, Question, Reply>) {
    this.#machine = machine;
    this.#state = machine.initial();
  }

  /** Commands applied so far. */
  get applied(): number {
    return this.#index;
  }

  /** Requests that wait for the mood to change. */
  get waiting(): number {
    return this.#waiting;
  }

  set mood(mood: Mood) {
    this.#mood = mood;
    this.#moodChanged.fire();
    this.#moodChanged = newSignal();
    const leader = mood === "leaderless" ? undefined : this.id;
    this.emit({ kind: "leader", leader, term: 1 });
    this.emit({ kind: "health", healthy: leader !== undefined, reason: leader ? "n1 leads" : "no majority" });
  }

  async execute(command: Command, { key, signal }: ExecuteOptions = {}): Promise<Answer> {
    await this.#admission(signal);
    const bytes = this.#machine.command.encode(command);
    const answer = this.#once(key, bytes);
    if (this.#mood === "unknown") throw new OutcomeUnknownError(1);
    return this.#machine.answer.decode(answer);
  }

  async read(question: Question, { consistency, signal }: ReadOptions = {}): Promise<Reply> {
    if (consistency !== "stale") await this.#admission(signal);
    if (consistency !== "stale" && this.#mood === "unknown") throw new NoLeaderError(1);
    return this.#machine.query(this.#state, question);
  }

  async backup({ signal }: WaitOptions = {}): Promise<Backup> {
    await this.#admission(signal);
    const machine = withSessions(this.#machine);
    const content = Buffer.concat([...machine.snapshot({ ...machine.initial(), inner: this.#state })]);
    const snapshot = { index: this.#index + 1, term: 1, bytes: content.length, checksum: crc32(content) };
    const chunks = async function* () {
      yield content;
    };
    return backupOf(snapshot, { clusterId: "test", nodeId: this.id }, chunks());
  }

  status(): NodeStatus {
    const index = this.#index;
    const hasLeader = this.#mood !== "leaderless";
    return {
      id: this.id,
      clusterId: "test",
      role: hasLeader ? "leader" : "candidate",
      term: 1,
      leader: hasLeader ? this.id : undefined,
      healthy: hasLeader && !this.isDiskFull,
      reason: this.isDiskFull ? "the disk is full" : hasLeader ? "n1 leads" : "no majority",
      last: index,
      durable: index,
      commit: index,
      applied: index,
      snapshot: 0,
      readyAt: 0,
      members: [
        { id: "n1", address: "127.0.0.1:12379" },
        { id: "n2", address: "127.0.0.1:22379" },
      ],
      outgoing: [],
      learners: this.#learners,
      removed: false,
      peers: [{ id: "n2", linkUp: true, mode: "stream", match: index, next: index + 1, bytesInFlight: 0 }],
      disk: { state: this.isDiskFull ? "full" : "ok", bytes: 0, files: 0, syncs: index },
      waiting: this.#waiting,
    };
  }

  on<K extends Kind>(kind: K, listener: (event: Extract<NodeEvent, { kind: K }>) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener as Listener));
    return () => listeners.delete(listener as Listener);
  }

  /** Listeners for one kind of event. */
  listenerCount(kind: Kind): number {
    return this.#listeners.get(kind)?.size ?? 0;
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) listener(event);
  }

  /** Who takes part, besides n1 and n2: changed at once. */
  #learners: readonly Member[] = [];

  async changeMembership(change: MembershipChange, { signal }: WaitOptions = {}): Promise<Membership> {
    await this.#admission(signal);
    const { members } = this.status();
    if (this.#mood === "following") throw new NotLeaderError("n2");
    const wanted = applyChange({ members, learners: this.#learners }, change);
    this.#learners = wanted.learners;
    return { members: wanted.members, outgoing: [], learners: this.#learners };
  }

  async transferLeadership(to?: NodeId, { signal }: WaitOptions = {}): Promise<void> {
    await this.#admission(signal);
    if (this.#mood === "following") throw new NotLeaderError("n2");
    if (to !== undefined && to !== "n2") throw new InvalidChangeError("who is to lead must be a voter");
  }

  async ready(_options?: WaitOptions): Promise<void> {}
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}

  /** Waits while held; refuses what the mood refuses. */
  async #admission(signal: AbortSignal | undefined): Promise<void> {
    this.#waiting++;
    try {
      while (this.#mood === "held") await this.#moodChanged.wait(signal);
    } finally {
      this.#waiting--;
    }
    if (this.#mood === "leaderless") throw new NoLeaderError(1);
    if (this.#mood === "busy") throw new BusyError();
  }

  #once(key: string | undefined, command: Uint8Array): Uint8Array {
    const text = Buffer.from(command).toString("latin1");
    const known = key === undefined ? undefined : this.#answered.get(key);
    if (known !== undefined && known.command !== text) throw new KeyReusedError();
    if (known !== undefined) return known.answer;
    const index = ++this.#index;
    const answer = this.#machine.answer.encode(
      this.#machine.apply(this.#state, this.#machine.command.decode(command), index),
    );
    if (key !== undefined) this.#answered.set(key, { command: text, answer });
    this.emit({ kind: "commit", index });
    return answer;
  }
}

/** Lets any number wait for one moment. */
function newSignal(): { fire(): void; wait(signal: AbortSignal | undefined): Promise<void> } {
  let fire = (): void => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return {
    fire: () => fire(),
    wait: (signal) =>
      new Promise((resolve, reject) => {
        void fired.then(resolve);
        signal?.addEventListener("abort", () => reject(new AbortedError("unknown")), { once: true });
      }),
  };
}
