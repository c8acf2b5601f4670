import { isSameBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import type { Entry } from "../../protocols/replicated-log.ts";

/** What all owners of one replicated log were told, held against each other. */
export class Agreement {
  /** The agreed order by index, as far as any member applied it. */
  readonly #entries: (Entry | undefined)[] = [undefined];
  /** Terms whose entry at an index was promised never to be committed there; and those promised to be. */
  readonly #lost = new Map<number, Set<number>>();
  readonly #kept = new Map<number, number>();
  readonly #agreed: (index: number, entry: Entry) => void;
  checks = 0;

  /** `agreed` sees each entry once, in order, when the first member applies it. */
  constructor(agreed: (index: number, entry: Entry) => void) {
    this.#agreed = agreed;
  }

  /** The highest index that any member applied. */
  get highest(): number {
    return this.#entries.length - 1;
  }

  /** The term of the entry at an index; `undefined` before any member applied it. */
  termAt(index: number): number | undefined {
    return this.#entries[index]?.term;
  }

  /** All members apply the same entry at an index, and it never changes. */
  applied(id: string, index: number, entry: Entry): void {
    this.checks++;
    const known = this.#entries[index];
    if (known !== undefined) {
      const isSame =
        known.term === entry.term && known.kind === entry.kind && isSameBytes(known.payload, entry.payload);
      if (isSame) return;
      invariant(false, `all apply the same entry at an index (State Machine Safety): ${id} at ${index}`);
    }
    invariant(index === this.highest + 1, `the agreed order grows by one: ${id} at ${index}`);
    const isLost = this.#lost.get(index)?.has(entry.term) === true;
    invariant(!isLost, `what is said to be lost is never committed: ${id} at ${index}, of term ${entry.term}`);
    const kept = this.#kept.get(index) ?? entry.term;
    invariant(kept === entry.term, `what is acknowledged is never lost: ${id} at ${index}, of term ${kept}`);
    this.#entries.push(entry);
    this.#agreed(index, entry);
  }

  /** An owner was told that its proposal, accepted in `term` at `index`, is committed. */
  acknowledged(id: string, index: number, term: number): void {
    this.checks++;
    const known = this.#entries[index]?.term ?? this.#kept.get(index) ?? term;
    invariant(known === term, `what is acknowledged is never lost: ${id} at ${index}, of term ${term}`);
    if (index > this.highest) this.#kept.set(index, term);
  }

  /** An owner was told that its proposal will never be committed. */
  lost(id: string, index: number, term: number): void {
    this.checks++;
    const known = this.#entries[index];
    invariant(known?.term !== term, `what is said to be lost is never committed: ${id} at ${index}, of term ${term}`);
    const terms = this.#lost.get(index) ?? new Set();
    this.#lost.set(index, terms.add(term));
  }

  /** A linearizable read, asked when `floor` was the highest index, may be answered from `index` on. */
  readable(id: string, floor: number, index: number): void {
    this.checks++;
    invariant(index >= floor, `a read is not stale: ${id} from ${index}, but ${floor} was applied before it was asked`);
  }
}
