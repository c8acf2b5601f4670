import { reachedByMajority } from "../../quorum/majority.ts";
import { reachedByQuorum } from "../../quorum/quorum.ts";
import type { RaftState } from "../state.ts";
import type { Progress } from "./progress.ts";

/**
 * What the voters have reached together: `own` is ours, `of` says what a follower has.
 *
 * A leader without a vote does not count itself, and learners do not count (Raft paper §6).
 */
export function agreed(state: RaftState, own: number, of: (progress: Progress) => number): number {
  const { leadership, membership } = state;
  if (leadership === undefined) return 0;
  const voters = leadership.isVoter ? [own] : [];
  for (const peer of leadership.peers.values()) if (peer.isVoter) voters.push(of(peer));
  if (membership.outgoing.length === 0) return reachedByMajority(voters);
  const outgoing = leadership.isOutgoing ? [own] : [];
  for (const peer of leadership.peers.values()) if (peer.isOutgoing) outgoing.push(of(peer));
  return reachedByQuorum(voters, outgoing);
}
