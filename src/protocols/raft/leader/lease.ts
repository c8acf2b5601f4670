import { noteSending, takePromise } from "../../lease-clock.ts";
import type { RaftMessage } from "../messages.ts";
import type { RaftState } from "../state.ts";
import { agreed } from "./agreement.ts";
import type { Progress } from "./progress.ts";

type HeartbeatReply = Extract<RaftMessage, { kind: "heartbeatReply" }>;

/** Heartbeats of a round leave: promises count from now. */
export function noteRound({ leadership, config, now }: RaftState): void {
  if (leadership !== undefined && config.leases) noteSending(leadership.sendings, leadership.round, now);
}

/** A follower that keeps leases answered a new round: its clock is measured, and its promise counted. */
export function countPromise(state: RaftState, progress: Progress, reply: HeartbeatReply): void {
  const { leadership, config, now } = state;
  const sentAt = leadership?.sendings.find((sending) => sending.round === reply.round)?.at;
  if (sentAt === undefined || reply.clock === undefined || !config.leases) return;
  const terms = { ticks: config.electionTicks, driftMax: config.leaseDriftMax };
  progress.clock = takePromise(progress.clock, { ticks: reply.clock, sentAt, heardAt: now }, terms);
}

/** Whether nobody else can have been elected yet, by the promises of a majority: reads need no round (§6.4.1). */
export function holdsLease(state: RaftState): boolean {
  const { leadership, config } = state;
  if (leadership === undefined || !config.leases || state.commit < leadership.opening) return false;
  if (leadership.hasHandedOver || leadership.handover !== undefined) return false;
  return agreed(state, Number.POSITIVE_INFINITY, promiseOf) > state.now;
}

function promiseOf(progress: Progress): number {
  return progress.clock.promisedUntil;
}
