import type { NodeId } from "../../../base/ids.ts";
import { type LeaseClock, newLeaseClock } from "../../lease-clock.ts";
import type { Membership, SnapshotName } from "../../replicated-log.ts";

/** A snapshot on its way to a follower. */
export interface Transfer {
  readonly snapshot: SnapshotName;
  /** Who takes part as of the snapshot. */
  readonly membership: Membership;
  /** Bytes that the follower has stored; unknown until it answered the opening question. */
  acked: number | undefined;
  /** Bytes sent; at least `acked`. */
  sent: number;
  /** A piece that was lost here was sent again: answers to those behind it say no more. */
  repeatedFrom: number | undefined;
}

/**
 * What a leader knows of one follower.
 *
 * Invariant: match < next. `probe`: one append at a time until the logs are found to agree; `stream`:
 * `next` runs ahead of the answers, within the window; `snapshot`: `transfer` is set, no appends.
 */
export interface Progress {
  readonly id: NodeId;
  /** Names this stretch of sending: answers to an earlier one, before a removal, are not taken for answers to it. */
  readonly session: number;
  /** It votes among the `members`, or among the `outgoing`: neither for a learner. */
  isVoter: boolean;
  isOutgoing: boolean;
  /** The membership without it stands here: it is told so once that is committed, and then forgotten. */
  leftAt: number | undefined;
  /** Ticks since it could be told. */
  leftTicks: number;
  mode: "probe" | "stream" | "snapshot";
  /** The last index known to be durable and equal there. */
  match: number;
  /** The next index to send. */
  next: number;
  /** The last index that the probe on its way covers; cleared by its answer, or by the word that it was lost. */
  probed: number | undefined;
  /** Unanswered appends, oldest first. */
  inflight: { readonly last: number; readonly bytes: number }[];
  inflightBytes: number;
  /** Ticks since it last answered us in this term. */
  silentTicks: number;
  /** The newest read round it has answered. */
  round: number;
  /** The commit index it was last told. */
  toldCommit: number;
  /** The last entry it forwarded: until its commit is told, commits are told at once and not with the next tick. */
  awaited: number;
  /** Its forwards taken in: the run of its process, and how many of that run's. A repeat is not taken again. */
  forwards: { readonly life: number; readonly number: number };
  /** The open question to storage on its behalf. */
  want: number | undefined;
  /** For leases. */
  clock: LeaseClock;
  transfer: Transfer | undefined;
  /** Ticks since the transfer last moved. */
  transferTicks: number;
  /** Behind a snapshot: what it still lacks of the log as that ended then, so many entries, stays there for it. */
  arrears: { readonly through: number; readonly count: number } | undefined;
}

/**
 * A follower of which nothing is known yet, met with the entry `met`, the newest: it is the first that is sent.
 *
 * The session is named after that entry: no two of one follower in a term have the same.
 */
export function newProgress(id: NodeId, met: number): Progress {
  return {
    id,
    session: met,
    isVoter: false,
    isOutgoing: false,
    leftAt: undefined,
    leftTicks: 0,
    mode: "probe",
    match: 0,
    next: met,
    probed: undefined,
    inflight: [],
    inflightBytes: 0,
    silentTicks: 0,
    round: 0,
    toldCommit: 0,
    awaited: 0,
    forwards: { life: 0, number: 0 },
    want: undefined,
    clock: newLeaseClock(),
    transfer: undefined,
    transferTicks: 0,
    arrears: undefined,
  };
}

/**
 * The entry behind which a follower needs the log, which ends at `last`, or its snapshot was sent in vain.
 *
 * Of who has caught up with where the log ended, what was written meanwhile is needed next.
 */
export function neededAfter(progress: Progress, last: number): number {
  if (progress.transfer !== undefined) return progress.transfer.snapshot.index;
  const { arrears, match } = progress;
  if (arrears === undefined) return last;
  if (match >= arrears.through) {
    const count = last - match; // less each time, or it will never catch up
    progress.arrears = count < arrears.count ? { through: last, count } : undefined;
  }
  return progress.arrears === undefined ? last : match;
}

/** Back to one append at a time, from `next` on. */
export function startProbe(progress: Progress, next: number): void {
  progress.mode = "probe";
  progress.next = Math.max(next, progress.match + 1);
  progress.probed = undefined;
  progress.inflight = [];
  progress.inflightBytes = 0;
  progress.want = undefined;
  progress.transfer = undefined;
}

/** The follower has stored all through `match`: frees the window, and streams if the logs were being compared. */
export function advance(progress: Progress, match: number): void {
  progress.match = Math.max(progress.match, match);
  progress.next = Math.max(progress.next, progress.match + 1);
  let answered = 0;
  for (const sent of progress.inflight) {
    if (sent.last > match) break;
    progress.inflightBytes -= sent.bytes;
    answered++;
  }
  if (answered > 0) progress.inflight.splice(0, answered);
  if (progress.mode === "probe") {
    progress.mode = "stream";
    progress.probed = undefined;
  }
}
