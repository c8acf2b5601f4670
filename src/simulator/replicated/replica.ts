import type { Bytes } from "../../base/bytes.ts";
import { invariant, unreachable } from "../../base/invariant.ts";
import type { SessionAnswer, SessionCommand, SessionState } from "../../machines/sessions.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { Entry, Found, LogOutput, LogRequest, SnapshotName, Want } from "../../protocols/replicated-log.ts";
import type { Owner } from "../protocol.ts";
import type { Agreement } from "./agreement.ts";
import { inPieces, type SessionMachine, wholeSnapshot } from "./machine.ts";
import type { Reference } from "./reference.ts";
import { Requests } from "./requests.ts";

/** The words of a replicated log; what its members say to each other and store is theirs. */
export interface LogVocabulary extends Vocabulary {
  readonly request: LogRequest;
  readonly output: LogOutput;
}

/** What a replica needs of the machine it runs on. */
export interface ReplicaHost {
  readonly id: string;
  request(request: LogRequest): void;
  /** The same, when it can wait for the next step. */
  leave(request: LogRequest): void;
  /** Once a read or a write of the disk has taken its time; never, if the process has ended by then. */
  afterDisk(run: () => void): void;
  /** Whether a read of storage is never answered. */
  losesRead(): boolean;
  /** Nothing else happens before `work` is done. */
  waitFor(work: Promise<void>): void;
  /** The disk holds what it must not: the process stops. */
  stop(): void;
  find(what: Want): Found | "damaged";
  content(snapshot: SnapshotName): Bytes | undefined;
  nameSnapshot(index: number, term: number, content: Bytes): SnapshotName;
  saveSnapshot(snapshot: SnapshotName, content: Bytes): void;
}

type Delivery = Extract<LogOutput, { kind: "committed" | "restore" }>;

/** The owner of a replicated log: applies a machine with sessions, snapshots it, and answers who asks. */
export class Replica implements Owner<LogVocabulary> {
  appliedIndex = 0;
  readonly requests: Requests;
  readonly #host: ReplicaHost;
  readonly #machine: SessionMachine;
  readonly #agreement: Agreement;
  readonly #reference: Reference;
  readonly #snapshotEvery: number;
  #state: SessionState<unknown>;
  /** What waits until a restore is done, or until a busy owner takes it in. */
  #deliveries: Delivery[] = [];
  #isRestoring = false;
  #isSaving = false;

  constructor(parts: {
    readonly host: ReplicaHost;
    readonly machine: SessionMachine;
    readonly agreement: Agreement;
    readonly reference: Reference;
    readonly snapshotEvery: number;
    /** The snapshot that the log starts after. */
    readonly snapshot: SnapshotName | undefined;
  }) {
    this.#host = parts.host;
    this.#machine = parts.machine;
    this.#agreement = parts.agreement;
    this.#reference = parts.reference;
    this.#snapshotEvery = parts.snapshotEvery;
    this.#state = parts.machine.initial();
    this.requests = new Requests(parts.host, parts.agreement);
    if (parts.snapshot !== undefined) this.#restore(parts.snapshot);
  }

  take(output: LogOutput): void {
    switch (output.kind) {
      case "committed":
      case "restore":
        this.#deliveries.push(output);
        return this.#takeIn();
      case "want":
        return this.#supply(output.want, output.what);
      case "leader":
        if (output.leader !== undefined) this.requests.leaderKnown();
        return;
      case "accepted":
      case "refused":
      case "settled":
        return this.requests.take(output);
      case "readable":
        this.requests.readable(output.ids, output.index);
        return this.requests.applied(this.appliedIndex);
      case "membership":
      case "removed":
        return;
      default:
        return unreachable(output);
    }
  }

  diskFull(isFull: boolean): void {
    this.#host.request(isFull ? { kind: "resign", reason: "disk-full" } : { kind: "resume" });
  }

  /** The process ends: nobody here is answered any more. */
  ended(): void {
    this.requests.end();
  }

  query(question: unknown): unknown {
    return this.#machine.query(this.#state, question);
  }

  /** All that it applied, as a snapshot. */
  snapshot(): Bytes {
    return wholeSnapshot(this.#machine, this.#state);
  }

  get isAtRest(): boolean {
    return !this.#isRestoring && this.#deliveries.length === 0;
  }

  #takeIn(): void {
    while (!this.#isRestoring) {
      const delivery = this.#deliveries.shift();
      if (delivery === undefined) return;
      if (delivery.kind === "restore") this.#restore(delivery.snapshot);
      else this.#apply(delivery.from, delivery.entries);
    }
  }

  #apply(from: number, entries: readonly Entry[]): void {
    invariant(from === this.appliedIndex + 1, "entries are delivered without gap or repetition");
    for (const entry of entries) {
      const index = ++this.appliedIndex;
      this.#agreement.applied(this.#host.id, index, entry);
      if (entry.kind === "payload") this.#carryOut(this.#machine.command.decode(entry.payload), index);
      if (index % this.#snapshotEvery === 0) this.#save(index, entry.term);
    }
    this.#host.leave({ kind: "applied", index: this.appliedIndex });
    this.requests.applied(this.appliedIndex);
  }

  #carryOut(command: SessionCommand, index: number): void {
    const answer: SessionAnswer<unknown> = this.#machine.apply(this.#state, command, index);
    this.requests.answered(command.client, command.sequence, answer);
  }

  #save(index: number, term: number): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    const content = this.snapshot();
    this.#reference.compare(this.#host.id, index, content);
    const snapshot = this.#host.nameSnapshot(index, term, content);
    this.#host.afterDisk(() => {
      this.#isSaving = false;
      this.#host.saveSnapshot(snapshot, content);
      this.#host.request({ kind: "snapshotTaken", snapshot });
    });
  }

  #restore(snapshot: SnapshotName): void {
    const content = this.#host.content(snapshot);
    invariant(content !== undefined, "a snapshot to restore is stored");
    this.#isRestoring = true;
    this.#host.waitFor(
      this.#machine.restore(inPieces(content)).then((state) => {
        this.#state = state;
        this.#isRestoring = false;
        this.appliedIndex = snapshot.index;
        this.#reference.compare(this.#host.id, snapshot.index, this.snapshot());
        this.#host.request({ kind: "applied", index: this.appliedIndex });
        this.requests.repeatAll(); // answers may be among what was not applied one by one
        this.requests.applied(this.appliedIndex);
        this.#takeIn();
      }),
    );
  }

  /** A read of storage sees what was durable at some moment between question and answer. */
  #supply(want: number, what: Want): void {
    if (this.#host.losesRead()) return;
    const early = this.#host.find(what);
    this.#host.afterDisk(() => {
      const found = want % 2 === 0 ? early : this.#host.find(what);
      if (found === "damaged") this.#host.stop();
      else this.#host.request({ kind: "supply", want, found });
    });
  }
}
