import type { NodeId } from "../../base/ids.ts";
import type { Member, Membership } from "../replicated-log.ts";
import { majority, reachedByMajority } from "./majority.ts";

/**
 * The highest value that a decision may rest on, from what each voter has reached.
 *
 * While voters change, a majority of the new ones and one of the outgoing ones must have reached it (joint consensus,
 * Raft paper §6). `outgoing` is empty when none do. Sorts both in place.
 */
export function reachedByQuorum(voters: number[], outgoing: number[]): number {
  const reached = reachedByMajority(voters);
  return outgoing.length === 0 ? reached : Math.min(reached, reachedByMajority(outgoing));
}

/** Whether those for whom `isFor` holds can decide: a majority of the voters, and one of the outgoing if any are. */
export function isQuorum({ members, outgoing }: Membership, isFor: (id: NodeId) => boolean): boolean {
  return isMajorityOf(members, isFor) && (outgoing.length === 0 || isMajorityOf(outgoing, isFor));
}

function isMajorityOf(voters: readonly Member[], isFor: (id: NodeId) => boolean): boolean {
  let count = 0;
  for (const { id } of voters) if (isFor(id)) count++;
  return count >= majority(voters.length);
}
