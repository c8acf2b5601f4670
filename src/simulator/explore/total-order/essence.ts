import type { Decree, TotalOrderState } from "../../../protocols/total-order/index.ts";
import type { Peer, Synod } from "../../../protocols/total-order/state.ts";

type State = Readonly<TotalOrderState>;

/**
 * All of a state that can matter later.
 *
 * Left out are settings, which are the same for all; clocks and chance, which are set back; counts of bytes; what an
 * owner was given, which it takes in at once; and of a view all that its decree says.
 */
export function orderEssence(state: State): unknown {
  const { config, phase, clock, told, position, restored, waiting, incoming, transfers } = state;
  if (phase === "ended") return [config.incarnation, phase];
  return [
    config.incarnation,
    phase,
    clock,
    [told.clock, told.received, told.leaving],
    position,
    restored,
    waiting.map((delivery) => [delivery.position, delivery.payload]),
    incoming,
    [...transfers.values()].map(({ node, incarnation, offset, piece }) => [node, incarnation, offset, piece]),
    state.backlog,
    state.framed,
    state.leavingTicks !== undefined,
    state.peers.map(peerEssence),
    synodEssence(state.synod),
    seekingEssence(state),
    new Set([...state.applicants.values()].map(({ node, incarnation }) => `${node}${incarnation}`)),
    decreeEssence(state.lastDecree),
    state.isBlocked,
    state.isStateLost,
    state.foreign,
  ];
}

function peerEssence(peer: Peer): unknown {
  const { restored, leaving, received, delivered, forgotten, heard, pending, frames, acks, missing, isTold } = peer;
  return [restored, leaving, received, delivered, forgotten, heard, pending, frames, acks, missing, isTold];
}

function synodEssence({ acceptor, attempt, round, own }: Synod): unknown {
  const { promised, accepted } = acceptor;
  const vote = accepted && [accepted.ballot, decreeEssence(accepted.value)];
  return [promised, vote, attempt && [attempt.ballot, attempt.promises, attempt.value, attempt.votes], round, own];
}

function seekingEssence({ phase, seeking }: State): unknown {
  if (phase !== "seeking") return undefined;
  const seekers = [...seeking.seekers].map(([node, { incarnation }]) => `${node}${incarnation}`);
  return [new Set(seekers), new Set(seeking.contacts.keys()), seeking.gone];
}

function decreeEssence(decree: Decree | undefined): unknown {
  return decree && [decree.group, decree.base, decree.members, decree.cut, decree.tail, decree.clock, decree.position];
}
