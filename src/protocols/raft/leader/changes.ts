import { isNodeId } from "../../../base/ids.ts";
import { toUtf8 } from "../../../base/text.ts";
import { addressBytesMax, encodeMembership, membersMax } from "../../membership-codec.ts";
import {
  isListed,
  type LogRequest,
  type Member,
  type Membership,
  participantsOf,
  type Reason,
} from "../../replicated-log.ts";
import { appendEntries, entryBytes, newestConfiguration } from "../log/log.ts";
import { adoptMembership } from "../membership.ts";
import { trackAccepted } from "../proposals.ts";
import { type RaftOutbox, type RaftState, speaksOld } from "../state.ts";
import { newProgress, type Progress } from "./progress.ts";

type Change = Extract<LogRequest, { kind: "change" }>;

/** A removed member is told so for this many election timeouts; afterwards when it asks. */
const farewellTimeouts = 2;

/**
 * The owner wants another membership (Raft paper §6).
 *
 * Where voters change, one that needs majorities of both lists comes first (joint consensus): no two majorities can
 * decide apart, whatever the change.
 */
export function change(state: RaftState, ask: Change, out: RaftOutbox): void {
  const reason = objection(state, ask);
  if (reason !== undefined) return out.output({ kind: "refused", id: ask.id, reason, leader: state.leader });
  const { members } = state.membership;
  const isSameVoters = ask.members.length === members.length && ask.members.every(({ id }) => isListed(members, id));
  const outgoing = isSameVoters ? [] : members;
  const index = appendMembership(state, { members: ask.members, outgoing, learners: ask.learners });
  trackAccepted(state, { id: ask.id, term: state.term, index, count: 1 }, out);
}

/** Why this change cannot begin. */
function objection(state: RaftState, ask: Change): Reason | undefined {
  const { leadership, log, membership } = state;
  if (leadership === undefined) return "not-leader";
  if (!isSupported(state, ask)) return "unsupported";
  if (!isWellFormed(ask)) return "invalid";
  const isSettled = newestConfiguration(log).index <= state.commit && membership.outgoing.length === 0;
  if (!isSettled || state.commit < leadership.opening || leadership.handover !== undefined) return "changing";
  const areReady = ask.members.every(({ id }) => isListed(membership.members, id) || mayBeVoter(state, id));
  return areReady ? undefined : "behind";
}

/** Who speaks version 1 cannot count a membership: all must speak version 2, but for one that leaves unheard. */
function isSupported(state: RaftState, { members, learners }: Change): boolean {
  if (state.config.speaks < 2) return false;
  const wanted = [...members, ...learners];
  const isLost = (id: Member["id"]) => !isListed(wanted, id) && !isHeard(state, state.leadership?.peers.get(id));
  return [...participantsOf(state.membership), ...wanted].every(({ id }) => !speaksOld(state, id) || isLost(id));
}

function isHeard({ config }: RaftState, progress: Progress | undefined): boolean {
  return progress !== undefined && progress.silentTicks < config.electionTicks;
}

function isWellFormed({ members, learners }: Change): boolean {
  const all = [...members, ...learners];
  const areNamed = all.every(({ id, address }) => isNodeId(id) && toUtf8(address).length <= addressBytesMax);
  const areApart = new Set(all.map(({ id }) => id)).size === all.length;
  return areNamed && areApart && members.length > 0 && all.length <= membersMax;
}

/** A learner that keeps up: with a new voter that lags, there might be no majority that can store anything. */
function mayBeVoter(state: RaftState, id: Member["id"]): boolean {
  const progress = state.leadership?.peers.get(id);
  if (progress === undefined || !isListed(state.membership.learners, id)) return false;
  const lag = state.commit - progress.match;
  const isIn = progress.match >= progress.session; // it votes from there on: see `RaftState.joining`
  return isHeard(state, progress) && isIn && progress.mode === "stream" && lag <= state.config.learnerLagMax;
}

function appendMembership(state: RaftState, membership: Membership): number {
  const entry = { term: state.term, kind: "members", payload: encodeMembership(membership) } as const;
  if (state.leadership !== undefined) state.leadership.uncommittedBytes += entryBytes(entry);
  appendEntries(state.log, [entry]);
  adoptMembership(state);
  meetPeers(state);
  return state.log.last;
}

/** Once the joint membership is committed, the leader of the moment ends the change (Raft paper §6). */
export function leaveJoint(state: RaftState): void {
  const { leadership, log, membership } = state;
  if (leadership === undefined || membership.outgoing.length === 0) return;
  if (state.commit < Math.max(newestConfiguration(log).index, leadership.opening)) return;
  if (leadership.handover === undefined) appendMembership(state, { ...membership, outgoing: [] });
}

/**
 * Who is new is sent to from now on, in a session of its own; who is gone is told so when that is committed.
 *
 * Called when the newest entry opened the term or changed the members: it is the first that a new follower is sent.
 */
export function meetPeers(state: RaftState): void {
  const { leadership, membership, log, config } = state;
  if (leadership === undefined) return;
  const { peers } = leadership;
  leadership.isVoter = isListed(membership.members, config.id);
  leadership.isOutgoing = isListed(membership.outgoing, config.id);
  const present = new Set(participantsOf(membership).map(({ id }) => id));
  for (const id of present) {
    if (id === config.id) continue;
    let progress = peers.get(id);
    if (progress === undefined || progress.leftAt !== undefined) {
      progress = newProgress(id, log.last);
      peers.set(id, progress);
    }
    progress.isVoter = isListed(membership.members, id);
    progress.isOutgoing = isListed(membership.outgoing, id);
  }
  for (const progress of peers.values()) {
    if (present.has(progress.id)) continue;
    progress.isVoter = false;
    progress.isOutgoing = false;
    progress.leftAt ??= newestConfiguration(log).index;
  }
}

/** One tick: who was told long enough that it takes part no more is forgotten. */
export function tickFarewells(state: RaftState): void {
  const { leadership, commit, config } = state;
  for (const progress of leadership?.peers.values() ?? []) {
    if (progress.leftAt === undefined || progress.leftAt > commit) continue;
    if (++progress.leftTicks > farewellTimeouts * config.electionTicks) leadership?.peers.delete(progress.id);
  }
}
