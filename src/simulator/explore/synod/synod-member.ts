import type { NodeId } from "../../../base/ids.ts";
import { unreachable } from "../../../base/invariant.ts";
import type { Core, Input, Outbox, Vocabulary } from "../../../protocols/core.ts";
import { majority } from "../../../protocols/quorum/majority.ts";
import { type Acceptor, accept, newAcceptor, promise, type Vote } from "../../../protocols/synod/acceptor.ts";
import {
  type Attempt,
  boundValue,
  countVote,
  newAttempt,
  type Promised,
  propose,
} from "../../../protocols/synod/attempt.ts";
import { type Ballot, compareBallots } from "../../../protocols/synod/ballot.ts";

/** What acceptors and proposers say to each other. */
export type SynodMessage =
  | { readonly kind: "prepare"; readonly ballot: Ballot }
  | { readonly kind: "promise"; readonly ballot: Ballot; readonly accepted: Vote<string> | undefined }
  | { readonly kind: "accept"; readonly ballot: Ballot; readonly value: string }
  | { readonly kind: "accepted"; readonly ballot: Ballot };

/** A proposer knows that a value is chosen. */
export interface Chosen {
  readonly kind: "chosen";
  readonly value: string;
}

/** The words of the synod alone: proposers try when time tells them to, and nothing is stored. */
export interface SynodVocabulary extends Vocabulary {
  readonly message: SynodMessage;
  readonly request: never;
  readonly record: never;
  readonly output: Chosen;
}

/** All that a member knows: plain data. */
export interface SynodState {
  readonly id: NodeId;
  readonly members: readonly NodeId[];
  readonly acceptor: Acceptor<string>;
  attempt: Attempt<string, Promised<string>> | undefined;
  /** Highest round of any ballot seen. */
  round: number;
  /** Ballots that it has begun. */
  tries: number;
}

/** An acceptor, and a proposer whenever it ticks: the synod's functions with nothing around them but messages. */
export class SynodMember implements Core<SynodVocabulary, SynodState> {
  readonly #state: SynodState;

  constructor(state: SynodState) {
    this.#state = state;
  }

  /** A member that has heard nothing yet. */
  static start(id: NodeId, members: readonly NodeId[]): SynodMember {
    return new SynodMember({ id, members, acceptor: newAcceptor(), attempt: undefined, round: 0, tries: 0 });
  }

  inspect(): Readonly<SynodState> {
    return this.#state;
  }

  step(inputs: readonly Input<SynodVocabulary>[], _now: number, out: Outbox<SynodVocabulary>): void {
    for (const input of inputs) {
      if (input.kind === "receive") receive(this.#state, input.from, input.message, out);
      else if (input.kind === "tick") tryAgain(this.#state, out);
    }
  }
}

/** A new ballot, higher than any seen. Our own promise and vote count as any other's. */
function tryAgain(state: SynodState, out: Outbox<SynodVocabulary>): void {
  const ballot = { round: state.round + 1, node: state.id };
  state.round = ballot.round;
  state.tries++;
  state.attempt = newAttempt(ballot);
  promise(state.acceptor, ballot);
  tellOthers(state, { kind: "prepare", ballot }, out);
  receivePromise(state, state.id, ballot, state.acceptor.accepted, out);
}

function tellOthers({ id, members }: SynodState, message: SynodMessage, out: Outbox<SynodVocabulary>): void {
  for (const member of members) if (member !== id) out.send(member, message);
}

function receive(state: SynodState, from: NodeId, message: SynodMessage, out: Outbox<SynodVocabulary>): void {
  const { acceptor } = state;
  const { ballot } = message;
  state.round = Math.max(state.round, ballot.round);
  switch (message.kind) {
    case "prepare":
      if (promise(acceptor, ballot)) out.send(from, { kind: "promise", ballot, accepted: acceptor.accepted });
      return;
    case "promise":
      return receivePromise(state, from, ballot, message.accepted, out);
    case "accept":
      if (accept(acceptor, ballot, message.value)) out.send(from, { kind: "accepted", ballot });
      return;
    case "accepted":
      return receiveVote(state, from, ballot, out);
    default:
      return unreachable(message);
  }
}

function receivePromise(
  state: SynodState,
  from: NodeId,
  ballot: Ballot,
  accepted: Vote<string> | undefined,
  out: Outbox<SynodVocabulary>,
): void {
  const { attempt, members } = state;
  if (attempt === undefined || attempt.value !== undefined || compareBallots(attempt.ballot, ballot) !== 0) return;
  attempt.promises.set(from, { accepted });
  if (attempt.promises.size < majority(members.length)) return;
  const value = boundValue(attempt) ?? `x${ballot.round}${ballot.node}`;
  propose(attempt, value);
  tellOthers(state, { kind: "accept", ballot, value }, out);
  if (accept(state.acceptor, ballot, value)) receiveVote(state, state.id, ballot, out);
}

function receiveVote(state: SynodState, from: NodeId, ballot: Ballot, out: Outbox<SynodVocabulary>): void {
  const { attempt, members } = state;
  if (attempt?.value === undefined || compareBallots(attempt.ballot, ballot) !== 0) return;
  if (!countVote(attempt, from, majority(members.length))) return;
  out.output({ kind: "chosen", value: attempt.value });
}
