import type { LogRequest, Reason } from "../../protocols/replicated-log.ts";
import { BusyError, ClosedError, DiskFullError, NoLeaderError, type OperatingError } from "../errors.ts";
import type { Caller, Patience, Waiters } from "./waiter.ts";

/** What makes a read linearizable: a majority that was asked, or the leader's lease. */
export type BarrierMode = Extract<LogRequest, { readonly kind: "barrier" }>["mode"];

interface Reader extends Caller<number> {
  readonly mode: BarrierMode;
}

/** Read barriers: those of a mode asked for in one turn of the event loop are one question to the core. */
export class Barriers {
  readonly #request: (request: LogRequest) => void;
  readonly #nextId: () => number;
  readonly #waiters: Waiters;
  readonly #asked = new Map<number, Set<Reader>>();
  /** Readers of the present turn, and those that wait for a leader. */
  #gathering: Set<Reader> | undefined;
  #parked = new Set<Reader>();

  constructor(request: (request: LogRequest) => void, nextId: () => number, waiters: Waiters) {
    this.#request = request;
    this.#nextId = nextId;
    this.#waiters = waiters;
  }

  /** Resolves with the index from which on a local read is linearizable. */
  async wait(patience: Patience, mode: BarrierMode = "quorum"): Promise<number> {
    return await this.#waiters.wait<number>(
      patience,
      (waitedMs) => new NoLeaderError(waitedMs),
      (caller) => {
        const reader = { ...caller, mode };
        this.#gather(reader);
        return () => this.#forget(reader);
      },
    );
  }

  #gather(reader: Reader): void {
    if (this.#gathering === undefined) {
      const readers = new Set<Reader>();
      this.#gathering = readers;
      queueMicrotask(() => {
        this.#gathering = undefined;
        this.#ask(readers);
      });
    }
    this.#gathering.add(reader);
  }

  #ask(readers: Set<Reader>): void {
    for (const mode of ["quorum", "lease"] as const) {
      const alike = new Set([...readers].filter((reader) => reader.mode === mode));
      if (alike.size === 0) continue;
      const id = this.#nextId();
      this.#asked.set(id, alike);
      this.#request({ kind: "barrier", id, mode });
    }
  }

  #forget(reader: Reader): void {
    this.#gathering?.delete(reader);
    this.#parked.delete(reader);
    for (const readers of this.#asked.values()) readers.delete(reader);
  }

  readable(ids: readonly number[], index: number): void {
    for (const id of ids) {
      for (const reader of this.#take(id)) reader.resolve(index);
    }
  }

  refused(id: number, reason: Reason): void {
    for (const reader of this.#take(id)) {
      if (reason === "no-leader") this.#parked.add(reader);
      else reader.reject(errorOf(reason));
    }
  }

  #take(id: number): Set<Reader> {
    const readers = this.#asked.get(id);
    this.#asked.delete(id);
    return readers ?? new Set();
  }

  /** A leader is known: what waited for one is asked. */
  leaderKnown(): void {
    const readers = this.#parked;
    this.#parked = new Set();
    this.#ask(readers);
  }
}

function errorOf(reason: Reason): OperatingError {
  if (reason === "stopping") return new ClosedError("not-applied");
  return reason === "disk-full" ? new DiskFullError("the data directory") : new BusyError();
}
