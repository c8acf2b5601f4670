import { newRandom } from "../../../base/random.ts";
import type { Core, Input } from "../../../protocols/core.ts";
import type { TotalOrderState, TotalOrderVocabulary } from "../../../protocols/total-order/index.ts";
import { electorate, isWedged, type Peer } from "../../../protocols/total-order/state.ts";
import { decided } from "../../../protocols/total-order/view/agreement.ts";
import { hasReason } from "../../../protocols/total-order/view/suspicion.ts";
import { unlimited } from "../budget.ts";
import type { Alarm } from "../explorable.ts";
import type { TotalOrderLimits } from "./limits.ts";
import type { TotalOrderTerms } from "./terms.ts";

type State = Readonly<TotalOrderState>;
type OrderCore = Core<TotalOrderVocabulary, TotalOrderState>;

/** Far more ticks than anything waits. */
const farTicks = 1_000_000;

/** Chance draws how long to wait, and nothing else that matters: when a wait ends is explored. */
const stillRandom = newRandom(1);

/**
 * Nobody has waited for anything yet, nobody was silent, and nobody out of view was answered.
 *
 * That a frame is missing is told once until time has brought something else: or a gap would be told for ever.
 */
export function calmTotalOrder(state: TotalOrderState): void {
  const { config, synod, seeking, told } = state;
  Object.assign(state.random, stillRandom);
  for (const peer of state.peers) calmPeer(peer, config.resendTicks);
  for (const applicant of state.applicants.values()) {
    applicant.silentTicks = 0;
    applicant.passedTicks = 0;
  }
  for (const transfer of state.transfers.values()) transfer.leftTicks = farTicks;
  for (const seeker of seeking.seekers.values()) seeker.silentTicks = 0;
  for (const contact of seeking.contacts.values()) contact.silentTicks = 0;
  seeking.quietTicks = 0;
  seeking.joinTicks = farTicks;
  told.quietTicks = 0;
  synod.reasonTicks = 0;
  synod.backOffTicks = 0;
  if (synod.attempt !== undefined) synod.attempt.ticks = 0;
  if (state.leavingTicks !== undefined) state.leavingTicks = 0;
  state.signTicks = 0;
  state.answered.clear();
}

function calmPeer(peer: Peer, resendTicks: number): void {
  peer.silentTicks = 0;
  peer.stalledTicks = 0;
  peer.resend.leftTicks = farTicks;
  peer.resend.delayTicks = resendTicks;
}

type TotalOrderAlarm = Omit<Alarm<TotalOrderTerms>, "budget">;

const patience: TotalOrderAlarm = {
  mayRing: mayPropose,
  ring: timed(({ synod, config }) => {
    if (synod.attempt !== undefined) synod.attempt.ticks = config.promiseTicks;
  }),
  words: (id) => `${id} waits for no more promises`,
};

const repeat: TotalOrderAlarm = {
  mayRing: mayRepeat,
  ring: timed(({ peers, transfers, synod }) => {
    for (const peer of peers) peer.resend.leftTicks = 1;
    for (const transfer of transfers.values()) transfer.leftTicks = 1;
    if (synod.attempt !== undefined) synod.attempt.ticks = 3; // asks are repeated with every fourth tick
  }),
  words: (id) => `${id} repeats what was not answered`,
};

const keepAlive: TotalOrderAlarm = {
  mayRing: ({ phase }) => phase === "member",
  ring: timed((state) => {
    state.told.quietTicks = state.config.keepAliveTicks;
    state.signTicks = state.config.joinTicks;
  }),
  words: (id) => `${id} says that it lives`,
};

const application: TotalOrderAlarm = {
  mayRing: ({ phase }) => phase === "seeking",
  ring: timed(({ seeking }) => {
    seeking.joinTicks = 1;
  }),
  words: (id) => `${id} applies for membership`,
};

const words = (id: string): string => `${id} sets out to change the view`;

/** All that time brings. */
export function alarmsOf(limits: TotalOrderLimits): readonly Alarm<TotalOrderTerms>[] {
  return [
    { budget: { countMax: limits.attempts }, mayRing: mayTry, ring: startOver, words },
    { budget: unlimited, ...patience }, // attempts limit it
    { budget: { countMax: limits.repeats }, ...repeat },
    { budget: { countMax: limits.keepAlives }, ...keepAlive },
    { budget: { countMax: limits.applications }, ...application },
  ];
}

/** What time brings to a group in which nobody is silent. */
export const restAlarms: readonly TotalOrderAlarm[] = [
  repeat,
  keepAlive,
  application,
  patience,
  { mayRing: mustTry, ring: startOver, words },
];

/** One tick, with the clocks set so that something comes of it. */
function timed(set: (state: TotalOrderState) => void): Alarm<TotalOrderTerms>["ring"] {
  return (core, take) => {
    set(core.inspect() as TotalOrderState); // clocks are the explorer's to set
    take({ kind: "tick" });
  };
}

/** Whether this process may want another view, or a first one: somebody is silent, if there is no other reason. */
function mayTry(state: State): boolean {
  const mayMiss = state.phase === "member" && canMiss(state, state.peers.length);
  return mustTry(state) || (mayMiss && decided(state) === undefined);
}

/** Whether it wants one though everyone is heard. */
function mustTry(state: State): boolean {
  const { phase, seeds, seeking, config } = state;
  if (decided(state) !== undefined) return false; // to give up now is to crash
  if (phase === "member") return isWedged(state) || hasReason(state);
  const present = seeds.filter((node) => node === config.node || seeking.seekers.has(node));
  return (
    phase === "seeking" &&
    seeking.gone === undefined &&
    present.includes(config.node) &&
    present.length >= electorate(state).quorum
  );
}

function canMiss(state: State, memberCount: number): boolean {
  return memberCount - 1 >= electorate(state).quorum && memberCount > 1;
}

/** Gives up what it tries, if it tries something, and tries again. */
function startOver(core: OrderCore, take: (input: Input<TotalOrderVocabulary>) => void): void {
  const state = core.inspect() as TotalOrderState;
  const { attempt } = state.synod;
  if (attempt !== undefined) {
    attempt.ticks = 2 * state.config.attemptTicks;
    take({ kind: "tick" });
  }
  const { synod, seeking, peers, me } = state;
  synod.reasonTicks = farTicks;
  synod.backOffTicks = 0;
  seeking.quietTicks = farTicks;
  const other = peers.find((_, place) => place !== me);
  if (state.phase === "member" && !isWedged(state) && !hasReason(state) && other !== undefined) {
    other.silentTicks = state.config.suspectTicks;
  }
  take({ kind: "tick" });
}

function mayPropose(state: State): boolean {
  const { attempt } = state.synod;
  return attempt?.value === undefined && (attempt?.promises.size ?? 0) >= electorate(state).quorum;
}

function mayRepeat({ phase, peers, me, transfers, synod }: State): boolean {
  if (synod.attempt !== undefined || transfers.size > 0) return phase !== "ended";
  const sent = peers[me]?.received ?? 0;
  return phase === "member" && peers.some(({ acks }) => (acks[me] ?? 0) < sent);
}
