import { isSameBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import type { Entry, Position, RaftRecord, RaftState } from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";

/** What any member ever stored at one index in one term: its content, and the term of the entry before it. */
interface Link {
  readonly term: number;
  readonly before: number;
  readonly entry: Entry;
}

/** One member's log as its records tell it: the terms of all entries after `base`. */
interface Mirror {
  base: Position;
  readonly terms: number[];
}

/**
 * Log Matching: an index and a term name one entry, and all entries before it (paper §5.3).
 *
 * Looks only at what is new: if each entry ever stored has one content and one predecessor, all before it agree too.
 */
export class LogWatch {
  readonly #links: Link[][] = [];
  readonly #mirrors = new Map<string, Mirror>();

  /** The member starts with what its disk gave back. */
  started(id: string, { log }: Readonly<RaftState>): void {
    const mirror: Mirror = { base: log.base, terms: [] };
    this.#mirrors.set(id, mirror);
    for (let index = log.base.index + 1; index <= log.last; index++) mirror.terms.push(termAt(log, index) ?? 0);
  }

  /** `isLeading`: the member led this term before the step, too. */
  persisted(id: string, record: RaftRecord, isLeading: boolean): void {
    const mirror = this.#mirrors.get(id);
    if (mirror === undefined) return;
    if (record.kind === "entries") this.#entries(id, mirror, record.from, record.entries, isLeading);
    if (record.kind === "base") rebase(mirror, record.base);
  }

  #entries(id: string, mirror: Mirror, from: number, entries: readonly Entry[], isLeading: boolean): void {
    const last = mirror.base.index + mirror.terms.length;
    const hasGap = from > last + 1 || from <= mirror.base.index;
    if (hasGap) invariant(false, `a log has no gap: ${id} at ${from} after ${last}`);
    if (isLeading && from <= last) invariant(false, `a leader only appends (Leader Append-Only): ${id} at ${from}`);
    if (from <= last) mirror.terms.length = from - 1 - mirror.base.index;
    for (const [at, entry] of entries.entries()) {
      this.#link(id, from + at, { term: entry.term, before: mirror.terms.at(-1) ?? mirror.base.term, entry });
      mirror.terms.push(entry.term);
    }
  }

  #link(id: string, index: number, link: Link): void {
    this.#links[index] ??= [];
    const links = this.#links[index];
    const known = links.find((other) => other.term === link.term);
    if (known === undefined) {
      links.push(link);
      return;
    }
    const isKnown = known.entry === link.entry || isSame(known.entry, link.entry);
    if (known.before === link.before && isKnown) return;
    invariant(
      false,
      `logs that agree at an entry agree before it (Log Matching): ${id} at ${index} in term ${link.term}`,
    );
  }

  /** The core's own log is what its records say. */
  stepped(id: string, { log }: Readonly<RaftState>): void {
    const mirror = this.#mirrors.get(id);
    const last = mirror === undefined ? 0 : mirror.base.index + mirror.terms.length;
    if (last === log.last) return;
    invariant(false, `after a step everything was handed to the disk: ${id} at ${last} of ${log.last}`);
  }
}

/** Entries after `base` stay if the log has that very entry, otherwise all go. */
function rebase(mirror: Mirror, base: Position): void {
  const count = base.index - mirror.base.index;
  if (count <= 0) return;
  const isKept = mirror.terms[count - 1] === base.term;
  mirror.terms.splice(0, isKept ? count : mirror.terms.length);
  mirror.base = base;
}

function isSame(one: Entry, other: Entry): boolean {
  return one.kind === other.kind && isSameBytes(one.payload, other.payload);
}
