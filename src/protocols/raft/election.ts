import { noBytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import { isQuorum } from "../quorum/quorum.ts";
import { isVoter, type Position, takesPart } from "../replicated-log.ts";
import { abandonForwarding } from "./follower/forwarding.ts";
import { agreed } from "./leader/agreement.ts";
import { meetPeers } from "./leader/changes.ts";
import { rememberHandover } from "./leader/handover.ts";
import { startProbe } from "./leader/progress.ts";
import { refuseReads } from "./leader/reads.ts";
import { appendEntries, bytesBetween, lastPosition, newestConfiguration } from "./log/log.ts";
import { isJoining, leave, mayStand, tellIfRemoved } from "./membership.ts";
import type { RaftMessage } from "./messages.ts";
import {
  drawPatience,
  isAlone,
  persistState,
  type RaftOutbox,
  type RaftState,
  sendUnbound,
  speaksOld,
  voterIds,
} from "./state.ts";

type Of<Kind extends RaftMessage["kind"]> = Extract<RaftMessage, { kind: Kind }>;

/** A campaign asks again this often for votes not yet given: messages and hints get lost. */
const askAgainTicks = 2;

/** Whether we still believe in a leader, and so refuse to help depose it (dissertation §4.2.3). */
export function isLoyal(state: RaftState): boolean {
  if (state.role === "leader" || state.loyalTicks > 0) return true;
  return state.leader !== undefined && !state.leaderLost && state.elapsed < state.config.electionTicks;
}

/** One tick of a member that is not the leader: campaigns when its patience ends. */
export function tickElection(state: RaftState, out: RaftOutbox): void {
  state.elapsed++;
  if (state.role === "follower" && state.loyalTicks > 0) return;
  if (!mayStand(state)) {
    if (state.elapsed >= state.patience) askWhetherRemoved(state, out);
    return;
  }
  if (!mayCampaign(state)) return;
  if (state.elapsed >= state.patience) startCampaign(state, out);
  else if (state.role !== "follower" && state.elapsed % askAgainTicks === 0) askForVotes(state, out);
}

function mayCampaign(state: RaftState): boolean {
  return mayStand(state) && state.resigned === undefined && state.disk.stuckTicks < state.config.electionTicks;
}

/** Who takes part without a vote, or may have been removed unheard, asks as if it stood: any answer tells. */
function askWhetherRemoved(state: RaftState, out: RaftOutbox): void {
  const isNamed = state.log.configurations.some(({ membership }) => takesPart(membership, state.config.id));
  drawPatience(state);
  if (!isNamed || state.removed !== undefined) return;
  abandonForwarding(state, out);
  state.leader = undefined;
  askForVotes(state, out);
}

/**
 * The leader's link broke: it may be dead, so the wait for it is cut short.
 *
 * Members go one after the other, in ring order from the leader, so that they do not split the vote.
 */
export function loseLeader(state: RaftState): void {
  if (state.role !== "follower" || state.config.leases) return; // a cut leader may still hold a lease
  state.leaderLost = true;
  const ids = voterIds(state);
  const place = ids.indexOf(state.config.id) - ids.indexOf(state.leader ?? state.config.id);
  const rank = Math.max(0, (place + ids.length) % ids.length) - 1;
  state.elapsed = Math.max(state.elapsed, state.patience - 1 - askAgainTicks * rank);
}

/** The leader was heard: no reason to campaign. */
export function hearLeader(state: RaftState, from: NodeId): void {
  state.elapsed = 0;
  state.leaderLost = false;
  state.leader = from;
  if (state.config.leases) state.loyalTicks = state.config.electionTicks;
}

/** Asks the others whether we could win, without moving anyone's term (dissertation §9.6). */
function startCampaign(state: RaftState, out: RaftOutbox): void {
  abandonForwarding(state, out);
  state.role = "preCandidate";
  state.leader = undefined;
  state.votes = new Map([[state.config.id, true]]);
  drawPatience(state);
  if (isAlone(state)) stand(state, false, out);
  else askForVotes(state, out);
}

/** The leader hands over to us: we stand at once, and ask nobody whether we may (dissertation §3.10). */
export function receiveTimeoutNow(state: RaftState, out: RaftOutbox): void {
  if (state.role === "leader" || !mayCampaign(state)) return;
  abandonForwarding(state, out);
  state.leader = undefined;
  stand(state, true, out);
}

/** Stands for election in a new term, with our own vote, which counts once it is durable (paper §5.2). */
function stand(state: RaftState, isHeir: boolean, out: RaftOutbox): void {
  state.role = "candidate";
  state.isHeir = isHeir;
  state.term++;
  state.votedFor = state.config.id;
  state.verified = 0;
  state.votes = new Map();
  drawPatience(state);
  persistState(state, out);
  askForVotes(state, out);
}

function askForVotes(state: RaftState, out: RaftOutbox): void {
  const last = lastPosition(state.log);
  for (const peer of voterIds(state)) {
    if (peer === state.config.id || state.votes.has(peer)) continue;
    if (state.role === "candidate" && state.isHeir && !speaksOld(state, peer)) {
      out.send(peer, { kind: "vote", term: state.term, last, isHandedOver: true });
    } else if (state.role === "candidate") out.send(peer, { kind: "vote", term: state.term, last });
    else sendUnbound(state, peer, { kind: "preVote", term: state.term + 1, last }, out);
  }
}

/** Our own vote for ourselves has become durable. */
export function countOwnVote(state: RaftState, out: RaftOutbox): void {
  const isDurable = state.disk.durable >= state.disk.stateRecord;
  if (state.role === "candidate" && isDurable && !state.votes.has(state.config.id)) {
    countVote(state, state.config.id, true, out);
  }
}

/** Answers whether we would vote for `from`; promises nothing. */
export function answerPreVote(state: RaftState, from: NodeId, ask: Of<"preVote">, out: RaftOutbox): void {
  const isFree = !isLoyal(state) && !isJoining(state);
  const granted = ask.term > state.term && isFree && isUpToDate(ask.last, lastPosition(state.log));
  sendUnbound(state, from, { kind: "preVoteReply", term: granted ? ask.term : state.term, granted }, out);
  tellIfRemoved(state, from, out);
}

/**
 * Answers a candidate's request for our vote (Raft paper §5.2, §5.4.1).
 *
 * Guarantees at most one vote per term, given only to a log at least as up to date as ours.
 * The caller has already moved us to `ask.term` if that was newer.
 */
export function answerVote(state: RaftState, from: NodeId, ask: Of<"vote">, out: RaftOutbox): void {
  invariant(ask.term <= state.term, "a newer term was adopted before its message is handled");
  const isFree = !isJoining(state) && (state.loyalTicks === 0 || ask.isHandedOver === true);
  const mayVote = isFree && (state.votedFor === undefined || state.votedFor === from);
  const granted = ask.term === state.term && mayVote && isUpToDate(ask.last, lastPosition(state.log));
  if (granted && state.votedFor === undefined) {
    state.votedFor = from;
    drawPatience(state);
    persistState(state, out); // a forgotten vote could elect two leaders
  }
  out.send(from, { kind: "voteReply", term: state.term, granted }); // leaves once the vote is durable
}

/** The candidate's log is at least as up to date: a later last term, or the same and as long (paper §5.4.1). */
function isUpToDate(theirs: Position, ours: Position): boolean {
  return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index);
}

/** Takes an answer to our pre-vote; refusals with a newer term were adopted before. */
export function receivePreVoteReply(state: RaftState, from: NodeId, reply: Of<"preVoteReply">, out: RaftOutbox): void {
  if (state.role !== "preCandidate" || !reply.granted || reply.term !== state.term + 1) return;
  countVote(state, from, true, out);
}

/** Takes an answer to our vote request; `countVote` sees that it is from a member. */
export function receiveVoteReply(state: RaftState, from: NodeId, reply: Of<"voteReply">, out: RaftOutbox): void {
  if (state.role === "candidate") countVote(state, from, reply.granted, out);
}

function countVote(state: RaftState, from: NodeId, granted: boolean, out: RaftOutbox): void {
  if (!isVoter(state.membership, from)) return;
  state.votes.set(from, granted);
  if (!isQuorum(state.membership, (id) => state.votes.get(id) === true)) return;
  if (state.role === "preCandidate") stand(state, false, out);
  else lead(state);
}

/**
 * Won: opens the term with an entry of its own, for only such entries commit by counting (paper §5.4.2, §8).
 *
 * The append that carries it goes to all at the end of the step, and tells them who leads.
 */
function lead(state: RaftState): void {
  invariant(state.votedFor === state.config.id, "a leader voted for itself");
  state.role = "leader";
  state.leader = state.config.id;
  state.leaderLost = false;
  const opening = state.log.last + 1;
  appendEntries(state.log, [{ term: state.term, kind: "none", payload: noBytes }]);
  state.leadership = {
    peers: new Map(),
    opening,
    isVoter: false,
    isOutgoing: false,
    handover: undefined,
    hasHandedOver: false,
    countedFrom: Math.max(state.commit + 1, state.log.tailFrom),
    uncommittedBytes: bytesBetween(state.log, state.commit + 1, state.log.last),
    round: 1,
    sendings: [],
    rounds: [],
    waiting: [],
    waitingTicks: 0,
  };
  meetPeers(state);
}

/** Follows in `term` (ours or a newer one); `leader` when it is known who leads it. */
export function follow(state: RaftState, term: number, leader: NodeId | undefined, out: RaftOutbox): void {
  invariant(term >= state.term, "a term never goes back");
  if (state.role === "leader") stepDown(state, out);
  if (leader !== state.leader || term > state.term) abandonForwarding(state, out); // old answers will be ignored
  if (term > state.term) {
    state.term = term;
    state.votedFor = undefined;
    persistState(state, out);
  }
  if (state.role !== "follower") drawPatience(state);
  state.role = "follower";
  state.leader = leader;
  state.leaderLost = false;
  state.verified = state.commit; // what is committed equals every later leader's log (Leader Completeness)
}

/** Gives up leading, in the same term: reads that waited are refused, and nothing more is sent as leader. */
export function stepDown(state: RaftState, out: RaftOutbox): void {
  invariant(state.leadership !== undefined, "only a leader steps down");
  refuseReads(state, out);
  rememberHandover(state, out);
  for (const [want, { peer }] of state.wants) if (peer !== undefined) state.wants.delete(want);
  state.leadership = undefined;
  state.role = "follower";
  state.leader = undefined;
  drawPatience(state);
  const { index, membership } = newestConfiguration(state.log);
  if (index <= state.commit && !takesPart(membership, state.config.id)) leave(state, index, out);
}

/** One tick of the leader: without word from a majority it steps down (dissertation §6.2). */
export function tickQuorum(state: RaftState, out: RaftOutbox): void {
  const { electionTicks } = state.config;
  for (const peer of state.leadership?.peers.values() ?? []) peer.silentTicks++;
  const isQuorumHeard = agreed(state, 1, (peer) => (peer.silentTicks < electionTicks ? 1 : 0)) === 1;
  if (!isQuorumHeard) stepDown(state, out);
}

/** The leader's link to `peer` changed: what was on its way is lost, so it is asked anew where log or snapshot ends. */
export function relink(state: RaftState, peer: NodeId): void {
  const progress = state.leadership?.peers.get(peer);
  if (progress === undefined) return;
  if (progress.mode === "probe") {
    progress.probed = undefined; // at the same place: `match` may not be known yet
  } else if (progress.mode === "stream") {
    startProbe(progress, progress.match + 1);
  } else {
    progress.transferTicks = state.config.electionTicks; // due with the next tick
  }
}
