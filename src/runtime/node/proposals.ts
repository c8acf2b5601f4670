import type { Bytes } from "../../base/bytes.ts";
import type { LogOutput, LogRequest, Reason } from "../../protocols/replicated-log.ts";
import {
  AbortedError,
  BusyError,
  ClosedError,
  DiskFullError,
  NoLeaderError,
  type OperatingError,
  type Outcome,
  OutcomeUnknownError,
  TooLargeError,
} from "../errors.ts";
import type { Patience, Waiter, Waiters } from "./waiter.ts";

/** One payload on its way into the log, over as many tries as it takes. */
export interface Proposal {
  readonly payload: Bytes;
  /** It may be tried again though its fate is unknown: whoever applies it knows a repeat. */
  readonly isRepeatable: boolean;
  /** Committed at `index`. */
  committed(index: number): void;
  failed(error: OperatingError): void;
}

interface Ticket extends Waiter {
  readonly proposal: Proposal;
  /** The number of the present try; 0 while it waits for a leader. */
  id: number;
  index: number;
  /** Some try may have been appended. */
  mayBeApplied: boolean;
  isEnded: boolean;
}

/** Answers of the core about proposals. */
type Answer = Extract<LogOutput, { kind: "accepted" | "refused" | "settled" }>;

/** Sees proposals through elections, lost messages and full windows, and tells the truth about how they ended. */
export class Proposals {
  readonly #request: (request: LogRequest) => void;
  readonly #nextId: () => number;
  readonly #waiters: Waiters;
  readonly #payloadBytesMax: number;
  readonly #tickets = new Map<number, Ticket>();
  #parked = new Set<Ticket>();

  constructor(request: (request: LogRequest) => void, nextId: () => number, waiters: Waiters, payloadBytesMax: number) {
    this.#request = request;
    this.#nextId = nextId;
    this.#waiters = waiters;
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** Starts; returns the call that ends it, for who has learnt its fate elsewhere. Throws what `Waiters.add` throws. */
  submit(proposal: Proposal, { signal, timeoutMs }: Patience): () => void {
    const size = proposal.payload.length;
    if (size > this.#payloadBytesMax) throw new TooLargeError(size, this.#payloadBytesMax);
    const startedAt = performance.now();
    const ticket: Ticket = {
      proposal,
      startedAt,
      deadline: startedAt + timeoutMs,
      signal,
      id: 0,
      index: 0,
      mayBeApplied: false,
      isEnded: false,
      expire: (waitedMs) => this.#fail(ticket, expiry(ticket, waitedMs)),
      abort: (cause) => this.#fail(ticket, new AbortedError(outcomeOf(ticket), { cause })),
      abandon: (cause) => this.#fail(ticket, new ClosedError(outcomeOf(ticket), { cause })),
    };
    this.#waiters.add(ticket);
    this.#try(ticket);
    return () => this.#end(ticket);
  }

  /** Proposes what nobody would know for a repeat; resolves with the index at which it was committed. */
  once(payload: Bytes, patience: Patience): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = this.submit(
        {
          payload: new Uint8Array(payload), // the caller may use its buffer again while members still fetch this
          isRepeatable: false,
          committed: (index) => {
            end();
            resolve(index);
          },
          failed: reject,
        },
        patience,
      );
    });
  }

  /** Takes what the core says; true when it was about one of ours. */
  take(output: Answer): boolean {
    const ticket = this.#tickets.get(output.id);
    if (ticket === undefined) return false;
    switch (output.kind) {
      case "accepted":
        ticket.index = output.index;
        return true;
      case "refused":
        this.#refused(ticket, output.reason);
        return true;
      case "settled":
        this.#settled(ticket, output.outcome);
        return true;
    }
  }

  /** A leader is known: what waited for one is tried. */
  leaderKnown(): void {
    const parked = this.#parked;
    this.#parked = new Set();
    for (const ticket of parked) this.#try(ticket);
  }

  /** Answers may have passed us by: everything repeatable is tried again. */
  repeatAll(): void {
    for (const ticket of [...this.#tickets.values()]) {
      if (!ticket.proposal.isRepeatable) continue;
      ticket.mayBeApplied = true; // the try under way may have been appended, and nothing more is heard of it
      this.#try(ticket);
    }
  }

  #try(ticket: Ticket): void {
    if (ticket.isEnded) return;
    if (ticket.id !== 0) this.#tickets.delete(ticket.id);
    ticket.id = this.#nextId();
    this.#tickets.set(ticket.id, ticket);
    this.#request({ kind: "propose", id: ticket.id, payloads: [ticket.proposal.payload] });
  }

  #refused(ticket: Ticket, reason: Reason): void {
    this.#tickets.delete(ticket.id);
    ticket.id = 0;
    switch (reason) {
      case "no-leader":
        this.#parked.add(ticket);
        return;
      case "too-large":
        return this.#fail(ticket, new TooLargeError(ticket.proposal.payload.length, this.#payloadBytesMax));
      case "disk-full":
        return this.#fail(ticket, refusal(ticket, new DiskFullError("the data directory")));
      case "stopping":
        return this.#fail(ticket, new ClosedError(outcomeOf(ticket)));
      default: // busy; the other reasons are of requests that propose nothing
        return this.#fail(ticket, refusal(ticket, new BusyError()));
    }
  }

  #settled(ticket: Ticket, outcome: "applied" | "lost" | "unknown"): void {
    if (outcome === "applied") return ticket.proposal.committed(ticket.index);
    if (outcome === "unknown") ticket.mayBeApplied = true;
    if (outcome === "lost" || ticket.proposal.isRepeatable) return this.#try(ticket);
    this.#fail(ticket, new OutcomeUnknownError(performance.now() - ticket.startedAt));
  }

  #fail(ticket: Ticket, error: OperatingError): void {
    if (ticket.isEnded) return;
    this.#end(ticket);
    ticket.proposal.failed(error);
  }

  #end(ticket: Ticket): void {
    ticket.isEnded = true;
    this.#waiters.remove(ticket);
    this.#parked.delete(ticket);
    this.#tickets.delete(ticket.id);
  }
}

function outcomeOf(ticket: Ticket): Outcome {
  return ticket.mayBeApplied || ticket.id !== 0 ? "unknown" : "not-applied";
}

function expiry(ticket: Ticket, waitedMs: number): OperatingError {
  return outcomeOf(ticket) === "unknown" ? new OutcomeUnknownError(waitedMs) : new NoLeaderError(waitedMs);
}

/** A refusal of this try says nothing about an earlier one. */
function refusal(ticket: Ticket, error: OperatingError): OperatingError {
  if (!ticket.mayBeApplied) return error;
  return new OutcomeUnknownError(performance.now() - ticket.startedAt, { cause: error });
}
