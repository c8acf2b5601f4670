import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import type { Vote } from "./acceptor.ts";
import { type Ballot, compareBallots } from "./ballot.ts";

/** What a promise carries besides what the protocol adds: the acceptor's vote in the highest ballot so far, if any. */
export interface Promised<Value> {
  readonly accepted: Vote<Value> | undefined;
}

/** One proposer's attempt to have a value chosen. */
export interface Attempt<Value, Promise extends Promised<Value>> {
  readonly ballot: Ballot;
  readonly promises: Map<NodeId, Promise>;
  /** Set once it is proposed, and never changed: a ballot stands for one value. */
  value: Value | undefined;
  readonly votes: Set<NodeId>;
}

/** An attempt in phase 1. */
export function newAttempt<Value, Promise extends Promised<Value>>(ballot: Ballot): Attempt<Value, Promise> {
  return { ballot, promises: new Map(), value: undefined, votes: new Set() };
}

/** The vote of the highest ballot: whatever may have been chosen before is its value. */
function highestVote<Value>(votes: Iterable<Vote<Value> | undefined>): Vote<Value> | undefined {
  let highest: Vote<Value> | undefined;
  for (const vote of votes) {
    if (vote === undefined) continue;
    if (highest === undefined || compareBallots(vote.ballot, highest.ballot) > 0) highest = vote;
  }
  return highest;
}

/** The value that must be proposed once a majority promised; `undefined`: any may be. */
export function boundValue<Value>({ promises }: Attempt<Value, Promised<Value>>): Value | undefined {
  return highestVote([...promises.values()].map(({ accepted }) => accepted))?.value;
}

/** Begins phase 2. The caller has the promises of a majority and heeds `boundValue`. */
export function propose<Value>(attempt: Attempt<Value, Promised<Value>>, value: Value): void {
  invariant(attempt.value === undefined, "a ballot has one value");
  attempt.value = value;
}

/** Counts a vote; true when this one makes the value chosen: `quorum` voted, any two of which share an acceptor. */
export function countVote<Value>({ votes }: Attempt<Value, Promised<Value>>, from: NodeId, quorum: number): boolean {
  if (votes.has(from)) return false;
  votes.add(from);
  return votes.size === quorum;
}

/** Whether the value of an attempt is chosen, as far as its votes have come in. */
export function isChosen({ votes }: Attempt<unknown, Promised<unknown>>, quorum: number): boolean {
  return votes.size >= quorum;
}
