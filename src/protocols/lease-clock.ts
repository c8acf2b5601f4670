/** Where a measure begins: the answer was given at `ticks` of the follower, between `sentAt` and `heardAt` of ours. */
export interface ClockMark {
  readonly ticks: number;
  readonly sentAt: number;
  readonly heardAt: number;
}

/** What a leader knows of a follower's clock, in ms of its own. */
export interface LeaseClock {
  mark: ClockMark | undefined;
  /** The shortest that a tick can have been, of all measures, and how many there were. */
  tickMs: number;
  measures: number;
  /** Until then the follower lets nobody else lead but by our leave. */
  promisedUntil: number;
}

/** What all followers promise, for so many of their ticks, and how much a clock may get faster while it is measured. */
export interface LeaseTerms {
  readonly ticks: number;
  readonly driftMax: number;
}

/** When the newest rounds of heartbeats were sent: promises count from there. */
export type Sendings = { readonly round: number; readonly at: number }[];

/** Rounds whose time of sending is remembered. */
const sendingsMax = 64;

/** A clock is measured this many times, over a promise's ticks each, before it is trusted. */
const measuresMin = 4;

/** A clock that jumps further is that of another run of the process. */
const jumpTicksMax = 2 ** 19;

/** By so many ticks a count differs from the time it stands for: one was under way, and one may have come late. */
const looseTicks = 2;

/** A clock of which nothing is known. */
export function newLeaseClock(): LeaseClock {
  return { mark: undefined, tickMs: Number.POSITIVE_INFINITY, measures: 0, promisedUntil: 0 };
}

/** Remembers when a round was sent, for the first time: however late a promise is given or heard of. */
export function noteSending(sendings: Sendings, round: number, now: number): void {
  if (sendings.at(-1)?.round === round) return;
  sendings.push({ round, at: now });
  if (sendings.length > sendingsMax) sendings.shift();
}

/**
 * A follower that keeps leases answered: its clock is measured, and its promise counted, from when it was asked.
 *
 * Returns what is known of its clock from now on: nothing, when it turned out to be another, or faster than allowed.
 */
export function takePromise(clock: LeaseClock, answer: ClockMark, terms: LeaseTerms): LeaseClock {
  const next = measure(clock, answer, terms);
  if (next.measures < measuresMin) return next;
  const promisedMs = (terms.ticks - looseTicks) * next.tickMs * (1 - terms.driftMax);
  next.promisedUntil = Math.max(next.promisedUntil, answer.sentAt + promisedMs);
  return next;
}

/**
 * How long a tick of the follower's must at least have been since the measure began.
 *
 * Between two answers at least `sentAt - mark.heardAt` passed here, and there at most `looseTicks` more than counted.
 */
function measure(clock: LeaseClock, answer: ClockMark, terms: LeaseTerms): LeaseClock {
  const { mark } = clock;
  const ticks = answer.ticks - (mark?.ticks ?? answer.ticks);
  if (mark === undefined || ticks < 0 || ticks > jumpTicksMax) return { ...newLeaseClock(), mark: answer };
  if (ticks < terms.ticks) return clock;
  const leastMs = (answer.sentAt - mark.heardAt) / (ticks + looseTicks);
  const mostMs = (answer.heardAt - mark.sentAt) / (ticks - looseTicks);
  const isFaster = mostMs < clock.tickMs * (1 - terms.driftMax) && clock.measures > 0;
  if (isFaster) return { ...newLeaseClock(), mark: answer };
  clock.mark = answer;
  clock.tickMs = Math.min(clock.tickMs, Math.max(0, leastMs));
  clock.measures++;
  return clock;
}
