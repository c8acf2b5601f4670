import { noteSending, takePromise } from "../../lease-clock.ts";
import type { Of } from "../messages.ts";
import { isQuorumFor, type PaxosState, type Progress } from "../state.ts";

/**
 * A voter answers its leader's heartbeat: for a Progress_Timer's ticks it helps nobody else to lead (B5).
 *
 * Promises of views before are void then: a quorum has answered Prepare of this one.
 */
export function promise({ loyalty, clock, config }: PaxosState, view: number): void {
  loyalty.view = view;
  loyalty.until = clock + config.progressTicks;
}

/**
 * Whether a promise forbids to answer Prepare, our own too (B5); after a start those of the run before, unknown here.
 *
 * `appointedIn`: who prepares was told to by the leader of that view, whose lease is over, and any before.
 */
export function isLoyal({ loyalty, clock, config }: PaxosState, appointedIn: number | undefined): boolean {
  if (!config.leases) return false;
  if (clock < config.progressTicks) return true;
  return clock < loyalty.until && (appointedIn ?? -1) < loyalty.view;
}

/**
 * The epoch is over, and with it every lease in it: whoever passed its end knows that its leader did (B6).
 *
 * A promise of the run before may have been of the epoch just entered: it stays.
 */
export function releaseEpoch({ loyalty }: PaxosState): void {
  loyalty.until = 0;
}

/** Heartbeats of a round leave: promises count from now. */
export function noteRound({ leadership, config, now }: PaxosState): void {
  if (leadership !== undefined && config.leases) noteSending(leadership.sendings, leadership.round, now);
}

/** A voter answered a round: its clock is measured, and its promise counted. */
export function countPromise(state: PaxosState, progress: Progress, { round, clock: ticks }: Of<"grant">): void {
  const { leadership, config, now } = state;
  const sentAt = leadership?.sendings.find((sending) => sending.round === round)?.at;
  if (sentAt === undefined) return;
  const terms = { ticks: config.progressTicks, driftMax: config.leaseDriftMax };
  progress.clock = takePromise(progress.clock, { ticks, sentAt, heardAt: now }, terms);
}

/** Whether nobody else can lead yet, by the promises of a quorum: reads need no round (B5). */
export function holdsLease(state: PaxosState): boolean {
  const { leadership, config, now } = state;
  if (leadership === undefined || !config.leases) return false;
  if (leadership.hasAppointed || leadership.handover !== undefined) return false;
  const { progress } = leadership;
  return isQuorumFor(state, (id) => id === config.id || (progress.get(id)?.clock.promisedUntil ?? 0) > now);
}
