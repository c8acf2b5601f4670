import { majority } from "../../protocols/quorum/majority.ts";
import type { LogRequest, Membership, Member as Named } from "../../protocols/replicated-log.ts";

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
  if (promoted.length > 0) return { members: withPromoted(members, promoted, pick, isSound), learners: [] };
  const remaining = members.filter((_member, place) => place !== pick % members.length);
  const isWhole = members.every(({ id }) => isSound(id));
  if (isWhole && pick % 3 === 0 && isSafe(remaining, isSound)) return { members: remaining, learners: [] };
  const joining = [newcomer(), ...(pick % 2 === 0 ? [newcomer()] : [])];
  return { members, learners: joining.filter((one, place) => joining.findIndex(({ id }) => id === one.id) === place) };
}

/** The learners join, and often as many others leave: who is lost first. */
function withPromoted(members: readonly Named[], promoted: readonly Named[], pick: number, isSound: IsSound): Named[] {
  const grown = [...members, ...promoted];
  const isReplacing = grown.length > votersMax || pick % 3 > 0;
  if (!isReplacing) return grown;
  const rotated = members.map((_member, place) => members[(place + pick) % members.length] as Named);
  const kept = rotated.toSorted((one, other) => Number(isSound(other.id)) - Number(isSound(one.id)));
  const wanted = [...kept.slice(0, members.length - promoted.length), ...promoted];
  return isSafe(wanted, isSound) ? wanted : grown;
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
