import { noBytes } from "../../../base/bytes.ts";
import { AbortedError, ClosedError, type OperatingError } from "../../errors.ts";
import type { Proposal } from "../../node/proposals.ts";
import type { Caller, Patience, Waiters } from "../../node/waiter.ts";
import { NotJoinedError } from "../errors.ts";

type Submit = (proposal: Proposal, patience: Patience) => () => void;

/** Callers that share a barrier, and what gives it up when none of them waits any more. */
interface Round {
  readonly callers: Set<Caller<number>>;
  end: () => void;
}

/**
 * Barriers by multicast: a message without content, in whose place everything that was delivered anywhere before has
 * been delivered here. Those asked for in one turn of the event loop are one message.
 */
export class GroupBarriers {
  readonly #submit: Submit;
  readonly #waiters: Waiters;
  #gathering: Round | undefined;

  constructor(submit: Submit, waiters: Waiters) {
    this.#submit = submit;
    this.#waiters = waiters;
  }

  /** Resolves with the position from which on a local read is linearizable. */
  async wait(patience: Patience): Promise<number> {
    return await this.#waiters.wait<number>(
      patience,
      (waitedMs) => new NotJoinedError(waitedMs),
      (caller) => {
        const round = this.#gather();
        round.callers.add(caller);
        return () => {
          round.callers.delete(caller);
          if (round.callers.size === 0) round.end();
        };
      },
    );
  }

  #gather(): Round {
    if (this.#gathering !== undefined) return this.#gathering;
    const round: Round = { callers: new Set(), end: () => {} };
    this.#gathering = round;
    queueMicrotask(() => {
      this.#gathering = undefined;
      if (round.callers.size > 0) this.#ask(round);
    });
    return round;
  }

  #ask(round: Round): void {
    const failed = (error: OperatingError): void => {
      for (const caller of [...round.callers]) caller.reject(harmless(error));
    };
    const committed = (position: number): void => {
      for (const caller of [...round.callers]) caller.resolve(position);
    };
    const patience = { timeoutMs: Number.POSITIVE_INFINITY }; // its callers have theirs
    try {
      round.end = this.#submit({ payload: noBytes, isRepeatable: true, committed, failed }, patience);
    } catch (error) {
      failed(error as OperatingError);
    }
  }
}

/** A barrier changes nothing, whatever becomes of it. */
function harmless(error: OperatingError): OperatingError {
  if (error.outcome === "not-applied") return error;
  if (error instanceof AbortedError) return new AbortedError("not-applied", { cause: error });
  return new ClosedError("not-applied", { cause: error });
}
