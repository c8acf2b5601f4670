import { type Ballot, compareBallots } from "./ballot.ts";

/** A value, and the ballot in which it was voted for. */
export interface Vote<Value> {
  readonly ballot: Ballot;
  readonly value: Value;
}

/** What one acceptor must remember for as long as its word counts. */
export interface Acceptor<Value> {
  promised: Ballot | undefined;
  accepted: Vote<Value> | undefined;
}

/** An acceptor that has said nothing yet. */
export function newAcceptor<Value>(): Acceptor<Value> {
  return { promised: undefined, accepted: undefined };
}

/** Promises to heed no lower ballot (phase 1b); false: a higher one was promised. Promising again is no harm. */
export function promise<Value>(acceptor: Acceptor<Value>, ballot: Ballot): boolean {
  if (acceptor.promised !== undefined && compareBallots(ballot, acceptor.promised) < 0) return false;
  acceptor.promised = ballot;
  return true;
}

/** Votes for a value (phase 2b), which promises as well; false: a higher ballot was promised. */
export function accept<Value>(acceptor: Acceptor<Value>, ballot: Ballot, value: Value): boolean {
  if (!promise(acceptor, ballot)) return false;
  acceptor.accepted = { ballot, value };
  return true;
}
