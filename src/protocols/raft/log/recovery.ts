import { MalformedError } from "../../../base/errors.ts";
import type { Member } from "../../replicated-log.ts";
import type { RaftRecord } from "../messages.ts";
import { firstMemory, type RaftMemory } from "../state.ts";
import { appendEntries, configurationAt, newLog, type RaftLog, rebase, trimTail, truncateFrom } from "./log.ts";

/** Folds stored records, in the order they were stored, into what a member remembers. */
export class Recovery {
  #memory: { -readonly [Key in keyof RaftMemory]: RaftMemory[Key] };
  readonly #tailBytesMax: number;
  /** The log begins behind a gap: a record with the matching base must still come. */
  #isHeadless = false;

  /** `members` are those of a new cluster; stored ones win. */
  constructor(members: readonly Member[], tailBytesMax: number) {
    this.#memory = { ...firstMemory(members) };
    this.#tailBytesMax = tailBytesMax;
  }

  /** Throws `MalformedError` for records that no member can have written in this order. */
  take(record: RaftRecord): void {
    const memory = this.#memory;
    switch (record.kind) {
      case "state":
        memory.term = record.term;
        memory.votedFor = record.votedFor;
        memory.joining = record.joining;
        return;
      case "entries":
        return this.#takeEntries(memory.log, record);
      case "base":
        return this.#takeBase(record);
      case "chunk":
        return; // kept by the store of snapshots
    }
  }

  #takeEntries(log: RaftLog, record: Extract<RaftRecord, { kind: "entries" }>): void {
    const skipped = Math.max(0, log.base.index + 1 - record.from);
    const from = record.from + skipped;
    if (skipped >= record.entries.length) return;
    if (from > log.last + 1) {
      // Older entries were dropped, and the base that allowed it stands further on.
      Object.assign(log, newLog({ index: from - 1, term: 0 }, configurationAt(log, log.last).membership));
      this.#isHeadless = true;
    }
    if (from <= log.last) truncateFrom(log, from);
    appendEntries(log, skipped === 0 ? record.entries : record.entries.slice(skipped));
    log.durable = log.last;
    log.unsavedFrom = log.last + 1;
    log.slice = undefined;
    trimTail(log, log.last, this.#tailBytesMax);
  }

  #takeBase(record: Extract<RaftRecord, { kind: "base" }>): void {
    const memory = this.#memory;
    const { log } = memory;
    if ((record.snapshot?.index ?? 0) >= (memory.snapshot?.index ?? 0)) memory.snapshot = record.snapshot;
    if (record.base.index < log.base.index) return; // repeated at the head of a file
    if (this.#isHeadless && record.base.index === log.base.index) log.base = record.base;
    rebase(log, record.base, record.membership);
    this.#isHeadless = false;
  }

  /** What the member starts with; call once, at the end. */
  finish(): RaftMemory {
    if (this.#isHeadless) throw new MalformedError(`entries before ${this.#memory.log.base.index + 1} are missing`);
    return this.#memory;
  }
}
