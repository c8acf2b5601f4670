import type { RaftMessage } from "../messages.ts";
import type { RaftState } from "../state.ts";
import { agreed } from "./agreement.ts";
import { type Clock, newClock, type Progress } from "./progress.ts";

type HeartbeatReply = Extract<RaftMessage, { kind: "heartbeatReply" }>;

/** Rounds whose time of sending is remembered. */
const sendingsMax = 64;

/** A clock is measured this many times, over an election timeout of its own each, before it is trusted. */
const measuresMin = 4;

/** A clock that jumps further is that of another run of the process. */
const jumpTicksMax = 2 ** 19;

/** By so many ticks a count differs from the time it stands for: one was under way, and one may have come late. */
const looseTicks = 2;

/** Remembers when a round was sent: promises count from there, however late they were given or heard of. */
export function noteSending(state: RaftState): void {
  const { leadership, config, now } = state;
  if (leadership === undefined || !config.leases) return;
  const { sendings, round } = leadership;
  if (sendings.at(-1)?.round === round) return;
  sendings.push({ round, at: now });
  if (sendings.length > sendingsMax) sendings.shift();
}

/** A follower that keeps leases answered a new round: its clock is measured, and its promise counted. */
export function takePromise(state: RaftState, progress: Progress, reply: HeartbeatReply): void {
  const sentAt = state.leadership?.sendings.find((sending) => sending.round === reply.round)?.at;
  if (sentAt === undefined || reply.clock === undefined || !state.config.leases) return;
  const { electionTicks, leaseDriftMax } = state.config;
  measure(progress, { ticks: reply.clock, sentAt, heardAt: state.now }, electionTicks, leaseDriftMax);
  const { clock } = progress;
  if (clock.measures < measuresMin) return;
  const promisedMs = (electionTicks - looseTicks) * clock.tickMs * (1 - leaseDriftMax);
  clock.promisedUntil = Math.max(clock.promisedUntil, sentAt + promisedMs);
}

/**
 * How long a tick of the follower's must at least have been since the measure began.
 *
 * Between two answers at least `sentAt - mark.heardAt` passed here, and there at most `looseTicks` more than counted.
 */
function measure(progress: Progress, answer: NonNullable<Clock["mark"]>, ticksMin: number, driftMax: number): void {
  const { clock } = progress;
  const ticks = answer.ticks - (clock.mark?.ticks ?? answer.ticks);
  if (clock.mark === undefined || ticks < 0 || ticks > jumpTicksMax) {
    progress.clock = { ...newClock(), mark: answer };
    return;
  }
  if (ticks < ticksMin) return;
  const leastMs = (answer.sentAt - clock.mark.heardAt) / (ticks + looseTicks);
  const mostMs = (answer.heardAt - clock.mark.sentAt) / (ticks - looseTicks);
  const isFaster = mostMs < clock.tickMs * (1 - driftMax) && clock.measures > 0;
  if (isFaster) {
    progress.clock = { ...newClock(), mark: answer };
    return;
  }
  clock.mark = answer;
  clock.tickMs = Math.min(clock.tickMs, Math.max(0, leastMs));
  clock.measures++;
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
