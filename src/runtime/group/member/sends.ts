import type { Refusal, TotalOrderRequest } from "../../../protocols/total-order/index.ts";
import {
  AbortedError,
  BusyError,
  ClosedError,
  type OperatingError,
  type Outcome,
  OutcomeUnknownError,
  TooLargeError,
} from "../../errors.ts";
import type { Proposal } from "../../node/proposals.ts";
import { type Patience, type Waiter, type Waiters, waitingMax } from "../../node/waiter.ts";
import { NotJoinedError, UndeliveredError } from "../errors.ts";

/** One message, over as many tries as it takes. */
class Ticket implements Waiter {
  readonly startedAt: number = performance.now();
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly proposal: Proposal;
  readonly #sends: Sends;
  /** The number of the present try. */
  id = 0;
  /** Some try may have been sent. */
  mayBeDelivered = false;
  isEnded = false;

  constructor(sends: Sends, proposal: Proposal, { signal, timeoutMs }: Patience) {
    this.#sends = sends;
    this.proposal = proposal;
    this.signal = signal;
    this.deadline = this.startedAt + timeoutMs;
  }

  expire(waitedMs: number): void {
    this.#sends.expire(this, waitedMs);
  }

  abort(cause: unknown): void {
    this.#sends.fail(this, new AbortedError(this.#sends.outcomeOf(this), { cause }));
  }

  abandon(cause: unknown): void {
    this.#sends.abandon(this, cause);
  }
}

/** Messages that wait to be delivered at the most; more are refused as busy. */
export const sendsMax: number = waitingMax;

/** The same in bytes. */
export const sendsBytesMax: number = 32 * 2 ** 20;

/** What was multicast here and is not delivered yet. Sees it through exclusions, and tells the truth about its end. */
export class Sends {
  readonly #waiters: Waiters;
  readonly #bytesMax: number;
  readonly #tickets = new Map<number, Ticket>();
  /** They were certainly not sent, or may be sent again, and wait for the next incarnation, in order. */
  #parked = new Set<Ticket>();
  #idCount = 0;
  #bytes = 0;
  #request: ((request: TotalOrderRequest) => void) | undefined;

  constructor(waiters: Waiters, bytesMax: number) {
    this.#waiters = waiters;
    this.#bytesMax = bytesMax;
  }

  /** Starts; returns the call that ends it, for who has learnt its fate elsewhere. Throws what `Waiters.add` throws. */
  submit(proposal: Proposal, patience: Patience): () => void {
    const size = proposal.payload.length;
    if (size > this.#bytesMax) throw new TooLargeError(size, this.#bytesMax);
    if (this.#bytes + size > sendsBytesMax) throw new BusyError();
    const ticket = new Ticket(this, proposal, patience);
    this.#waiters.add(ticket);
    this.#bytes += size;
    if (this.#request === undefined) this.#parked.add(ticket);
    else this.#try(ticket, this.#request);
    return () => this.#end(ticket);
  }

  /** An incarnation is a member now: all that waits is asked of it. */
  begin(request: (request: TotalOrderRequest) => void): void {
    this.#request = request;
    const parked = this.#parked;
    this.#parked = new Set();
    for (const ticket of parked) this.#try(ticket, request);
  }

  /** The incarnation has ended: what it has not answered never reached it. */
  end(): void {
    this.#request = undefined;
    const rest = [...this.#tickets.values(), ...this.#parked];
    this.#tickets.clear();
    this.#parked = new Set(rest);
  }

  /** What is repeatable waits on: whoever applies it ends it, or time, or the end of the member. */
  delivered(id: number, position: number): void {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    this.#tickets.delete(id);
    ticket.mayBeDelivered = true;
    if (!ticket.proposal.isRepeatable) this.#end(ticket);
    ticket.proposal.committed(position);
  }

  refused(id: number, reason: Refusal): void {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    switch (reason) {
      case "ended":
        return; // parked with what else is left, in order, when the incarnation ends
      case "leaving":
        return this.fail(ticket, new ClosedError(ticket.mayBeDelivered ? "unknown" : "not-applied"));
      case "too-large":
        return this.fail(ticket, new TooLargeError(ticket.proposal.payload.length, this.#bytesMax));
      case "backlog-full": {
        const busy = new BusyError();
        const cause = { cause: busy };
        return this.fail(ticket, ticket.mayBeDelivered ? new UndeliveredError("too much is waiting", cause) : busy);
      }
    }
  }

  /** Sent, but this member will not learn whether anybody delivers it. */
  unknown(id: number): void {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    ticket.mayBeDelivered = true;
    if (!ticket.proposal.isRepeatable) {
      this.fail(ticket, new UndeliveredError("the group went on without this member"));
    }
  }

  #try(ticket: Ticket, request: (request: TotalOrderRequest) => void): void {
    ticket.id = ++this.#idCount;
    this.#tickets.set(ticket.id, ticket);
    request({ kind: "multicast", id: ticket.id, payload: ticket.proposal.payload });
  }

  /** Of one that does not wait any longer. */
  outcomeOf(ticket: Ticket): Outcome {
    return ticket.mayBeDelivered || this.#tickets.has(ticket.id) ? "unknown" : "not-applied";
  }

  expire(ticket: Ticket, waitedMs: number): void {
    if (this.outcomeOf(ticket) === "not-applied") return this.fail(ticket, new NotJoinedError(waitedMs));
    if (ticket.proposal.isRepeatable) return this.fail(ticket, new OutcomeUnknownError(waitedMs));
    this.fail(ticket, new UndeliveredError(`not delivered within ${Math.round(waitedMs)} ms`));
  }

  abandon(ticket: Ticket, cause: unknown): void {
    const outcome = this.outcomeOf(ticket);
    const isLost = outcome === "unknown" && !ticket.proposal.isRepeatable;
    this.fail(
      ticket,
      isLost ? new UndeliveredError("this member has left", { cause }) : new ClosedError(outcome, { cause }),
    );
  }

  fail(ticket: Ticket, error: OperatingError): void {
    if (ticket.isEnded) return;
    this.#end(ticket);
    ticket.proposal.failed(error);
  }

  #end(ticket: Ticket): void {
    if (ticket.isEnded) return;
    ticket.isEnded = true;
    this.#bytes -= ticket.proposal.payload.length;
    this.#waiters.remove(ticket);
    this.#parked.delete(ticket);
    this.#tickets.delete(ticket.id);
  }
}
