import type { Bytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { fingerprint } from "../../machines/fingerprint.ts";
import type { SessionState } from "../../machines/sessions.ts";
import type { Entry } from "../../protocols/replicated-log.ts";
import { type SessionMachine, wholeSnapshot } from "./machine.ts";

/** Applies the agreed order once more, by itself: what a member's snapshot holds must equal that. */
export class Reference {
  readonly #machine: SessionMachine;
  readonly #state: SessionState<unknown>;
  readonly #every: number;
  /** Fingerprints of the state by index. */
  readonly #snapshots = new Map<number, number>();

  /** Snapshots can be compared at indexes that `every` divides. */
  constructor(machine: SessionMachine, every: number) {
    this.#machine = machine;
    this.#state = machine.initial();
    this.#every = every;
  }

  apply(index: number, entry: Entry): void {
    if (entry.kind === "payload") {
      this.#machine.apply(this.#state, this.#machine.command.decode(entry.payload), index);
    }
    if (index % this.#every !== 0) return;
    this.#snapshots.set(index, fingerprint(wholeSnapshot(this.#machine, this.#state)));
  }

  /** A member's snapshot of what it applied through `index`, or what a restored one makes of it. */
  compare(id: string, index: number, content: Bytes): void {
    const known = this.#snapshots.get(index);
    const isSame = known === undefined || known === fingerprint(content);
    invariant(isSame, `a snapshot equals the log that it replaces: ${id} at ${index}`);
  }
}
