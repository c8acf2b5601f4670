import { majority } from "../../protocols/quorum/majority.ts";
import type { LogRequest, Membership, Member as Named, RaftState } from "../../protocols/raft/index.ts";
import { participantsOf } from "../../protocols/replicated-log.ts";

/** Voters that a group never goes below, nor above. */
const votersMin = 3;
const votersMax = 7;

type Change = Pick<Extract<LogRequest, { kind: "change" }>, "members" | "learners">;

/** Whether a member's disk is as it should be, so that it can be counted on. */
export type IsSound = (id: string) => boolean;

/**
 * The next change of members that an operator would make: bring in learners, promote them, replace who is lost.
 *
 * Never one after which those that can be counted on are a bare majority: more than was lost cannot be brought back.
 */
export function nextChange(membership: Membership, pick: number, isSound: IsSound, newcomer: () => Named): Change {
  const { members, learners } = membership;
  const promoted = learners.filter(({ id }) => isSound(id));
  const lost = members.filter(({ id }) => !isSound(id));
  const leaving = lost[0] ?? members[pick % members.length];
  const remaining = members.filter((member) => member !== leaving);
  if (promoted.length > 0) {
    const isReplacing = lost.length > 0 || members.length + promoted.length > votersMax || pick % 3 === 0;
    const wanted = isReplacing ? [...remaining, ...promoted] : [...members, ...promoted];
    return { members: isSafe(wanted, isSound) ? wanted : [...members, ...promoted], learners: [] };
  }
  const mayShrink = lost.length === 0 && remaining.length >= votersMin && isSafe(remaining, isSound);
  if (mayShrink && pick % 2 === 0) return { members: remaining, learners: [] };
  return { members, learners: [newcomer()] };
}

/** Whether one more may be lost. */
function isSafe(voters: readonly Named[], isSound: IsSound): boolean {
  const sound = voters.filter(({ id }) => isSound(id)).length;
  return voters.length >= votersMin && sound - 1 >= majority(voters.length);
}

/** Whether every list of voters still has a majority to count on, if `id` is lost. */
export function maySpare(id: string, memberships: Iterable<Membership>, isSound: IsSound): boolean {
  for (const { members, outgoing } of memberships) {
    for (const voters of [members, outgoing]) {
      const left = voters.filter((voter) => voter.id !== id && isSound(voter.id)).length;
      if (voters.length > 0 && left < majority(voters.length)) return false;
    }
  }
  return true;
}

/** Whether a member takes part, as far as it knows. */
export function isParticipant({ removed, membership, config }: Readonly<RaftState>): boolean {
  return removed === undefined && participantsOf(membership).some(({ id }) => id === config.id);
}
