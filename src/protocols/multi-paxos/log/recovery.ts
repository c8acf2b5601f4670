import { MalformedError } from "../../../base/errors.ts";
import type { Member, SnapshotName } from "../../replicated-log.ts";
import { foundingOf } from "../membership/configurations.ts";
import type { Base, PaxosRecord, Update } from "../messages.ts";
import { absorb, authorOf, execute, type Facts, factsOf } from "./facts.ts";
import { accept, type History, learn, newHistory, raiseFloor, slotAt, startAfter, trimTail } from "./history.ts";

/** What a member remembers across a restart. */
export interface PaxosMemory {
  /** The highest view that it promised or accepted in (R3 may raise it). */
  readonly promised: number;
  readonly history: History;
  readonly facts: Facts;
  readonly snapshot: SnapshotName | undefined;
  /** Updates of runs before that wait to be ordered (D5). */
  readonly pending: readonly Update[];
}

/** Where the log of a new member starts; without `members` it knows nobody, and will be told. */
export function firstBase(members: readonly Member[], alpha: number): Base {
  const configurations = members.length === 0 ? [] : [foundingOf(members, alpha)];
  return { floor: 0, through: 0, configurations, clients: [] };
}

/** What a member of a new group starts with; `alpha` is that of its options. */
export function firstMemory(members: readonly Member[], alpha = 1024): PaxosMemory {
  return {
    promised: 0,
    history: newHistory(0),
    facts: factsOf(firstBase(members, alpha)),
    snapshot: undefined,
    pending: [],
  };
}

/** Folds stored records, in the order they were stored, into what a member remembers (R1, R2). */
export class Recovery {
  #promised = 0;
  readonly #history: History;
  readonly #facts: Facts;
  #snapshot: SnapshotName | undefined;
  #pending: readonly Update[] = [];
  /** Whether who takes part is what was stored, and not what was given. */
  #isFounded = false;
  /** What a hint or a base said to be ordered. */
  #orderedThrough = 0;
  readonly #tailBytesMax: number;

  /** `members` are those of a new group; stored ones win. */
  constructor(members: readonly Member[], tailBytesMax: number, alpha = 1024) {
    const { history, facts } = firstMemory(members, alpha);
    this.#history = history;
    this.#facts = facts;
    this.#tailBytesMax = tailBytesMax;
  }

  /** Throws `MalformedError` for records that no member can have written in this order. */
  take(record: PaxosRecord): void {
    switch (record.kind) {
      case "view":
        this.#promised = Math.max(this.#promised, record.view);
        return;
      case "accepted":
        this.#promised = Math.max(this.#promised, record.view);
        return this.#takeUpdates(record.first, record.updates, record.view);
      case "learned":
        return this.#takeUpdates(record.first, record.updates, undefined);
      case "ordered":
        this.#orderedThrough = Math.max(this.#orderedThrough, record.through);
        return this.#advance();
      case "base":
        return this.#takeBase(record);
      case "pending":
        this.#pending = record.updates;
        return;
      case "chunk":
        return; // kept by the store of snapshots
    }
  }

  #takeUpdates(first: number, updates: readonly Update[], view: number | undefined): void {
    const history = this.#history;
    for (const [at, update] of updates.entries()) {
      const seq = first + at;
      const slot = slotAt(history, seq);
      if (seq <= history.aru || slot?.isOrdered) continue;
      if (view === undefined) learn(history, seq, update, 0);
      else if (slot === undefined || slot.view <= view) accept(history, seq, view, update, 0);
    }
    this.#advance();
  }

  #advance(): void {
    const history = this.#history;
    for (;;) {
      const seq = history.aru + 1;
      const slot = slotAt(history, seq);
      if (slot === undefined || !(slot.isOrdered || seq <= this.#orderedThrough)) break;
      slot.isOrdered = true;
      history.aru = seq;
      execute(this.#facts, seq, slot.update, authorOf(this.#facts, slot.update));
    }
    trimTail(history, 0, this.#tailBytesMax);
  }

  #takeBase({ base, snapshot, isOwn, promised }: Extract<PaxosRecord, { kind: "base" }>): void {
    const history = this.#history;
    if (!this.#isFounded) this.#facts.configurations = []; // nothing was executed yet: a base comes before all else
    this.#isFounded = true;
    this.#promised = Math.max(this.#promised, promised);
    if ((snapshot?.index ?? 0) >= (this.#snapshot?.index ?? 0)) this.#snapshot = snapshot;
    if (isOwn) this.#orderedThrough = Math.max(this.#orderedThrough, base.through);
    this.#advance();
    if (base.floor < history.floor) return; // repeated at the head of a file
    absorb(this.#facts, base);
    if (base.floor > history.aru) startAfter(history, base.floor);
    else raiseFloor(history, base.floor);
    this.#advance();
  }

  /** What the member starts with; call once, at the end. */
  finish(): PaxosMemory {
    const { aru } = this.#history;
    if (this.#orderedThrough > aru) throw new MalformedError(`what was ordered at ${aru + 1} is missing`);
    return {
      promised: this.#promised,
      history: this.#history,
      facts: this.#facts,
      snapshot: this.#snapshot,
      pending: this.#pending,
    };
  }
}
