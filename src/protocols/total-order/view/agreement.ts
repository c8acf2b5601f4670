import type { NodeId } from "../../../base/ids.ts";
import { nextBelow } from "../../../base/random.ts";
import { accept, promise } from "../../synod/acceptor.ts";
import { boundValue, countVote, isChosen, newAttempt, propose } from "../../synod/attempt.ts";
import { type Ballot, compareBallots } from "../../synod/ballot.ts";
import type { Decree, SenderFrames } from "../messages.ts";
import { electorate, isLeaving, type MessageOf, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { headerOf, stampOf } from "../telling.ts";
import { draft } from "./draft.ts";
import { announce, install, isIn } from "./install.ts";
import { isSuspect } from "./suspicion.ts";

/** Ticks between repeats to those who have not answered. */
const repeatTicks = 4;

/** Asks everyone to stop, and to say what they hold (V4). */
export function startAttempt(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { synod, config } = state;
  const ballot = { round: synod.round + 1, node: config.node };
  noteBallot(state, ballot);
  promise(synod.acceptor, ballot);
  synod.attempt = { ...newAttempt(ballot), ticks: 0 };
  askAll(state, out);
  tellSelf(state, promiseOf(state, ballot, headerOf(state).received), out);
}

/** Repeats, drafts with whoever has promised, and gives up, all by time. */
export function tickAttempt(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { attempt } = state.synod;
  if (attempt === undefined) return;
  attempt.ticks++;
  if (attempt.ticks >= 2 * state.config.attemptTicks) {
    const decree = decided(state);
    return decree === undefined ? dropAttempt(state) : install(state, decree, out);
  }
  if (attempt.ticks % repeatTicks === 0) askAll(state, out);
  tryToPropose(state, out);
}

/** What our attempt has decided, if it goes on without us and we wait for a word of those who have heard of it. */
export function decided(state: TotalOrderState): Decree | undefined {
  const { attempt } = state.synod;
  return attempt && isChosen(attempt, electorate(state).quorum) ? attempt.value : undefined;
}

/** Asks those who have not answered, for promises or for votes; or tells all what is decided. */
function askAll(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { attempt } = state.synod;
  if (attempt === undefined) return;
  const { ballot, value } = attempt;
  const { voters } = electorate(state);
  const decree = decided(state);
  if (decree !== undefined) return announce(state, decree, voters, out);
  const stamp = stampOf(state);
  const { received } = headerOf(state);
  const message =
    value === undefined
      ? ({ kind: "prepare", stamp, ballot, received } as const)
      : ({ kind: "accept", stamp, ballot, decree: value } as const);
  const answered = value === undefined ? attempt.promises : attempt.votes;
  for (const node of voters) {
    if (node !== state.config.node && !answered.has(node)) out.send(node, message);
  }
}

/** Gives an attempt up, and waits for a time that chance decides: two who try at once do so no second time. */
function dropAttempt({ synod, config, random }: TotalOrderState): void {
  synod.attempt = undefined;
  synod.backOffTicks = config.gatherTicks + nextBelow(random, 2 * config.attemptTicks);
}

/** A ballot was seen: ours are higher from now on, a lower one is given up, and others get time for the new one. */
function noteBallot(state: TotalOrderState, ballot: Ballot): void {
  const { synod } = state;
  const { promised } = synod.acceptor;
  synod.round = Math.max(synod.round, ballot.round);
  if (promised === undefined || compareBallots(ballot, promised) > 0) synod.reasonTicks = 0;
  if (synod.attempt !== undefined && compareBallots(synod.attempt.ballot, ballot) < 0) dropAttempt(state);
}

/** Stops in this view for good, and hands on what the asker lacks (V5). */
export function answerPrepare(
  state: TotalOrderState,
  from: NodeId,
  ask: MessageOf<"prepare">,
  out: TotalOrderOutbox,
): void {
  const { acceptor } = state.synod;
  const { promised } = acceptor;
  noteBallot(state, ask.ballot);
  if (!promise(acceptor, ask.ballot)) return refuse(state, from, out);
  if (promised === undefined || compareBallots(promised, ask.ballot) !== 0) remember(state, out);
  out.send(from, promiseOf(state, ask.ballot, ask.received));
}

function refuse(state: TotalOrderState, to: NodeId, out: TotalOrderOutbox): void {
  const { promised } = state.synod.acceptor;
  if (promised !== undefined) out.send(to, { kind: "refuse", stamp: stampOf(state), ballot: promised });
}

function promiseOf(state: TotalOrderState, ballot: Ballot, known: readonly number[]): MessageOf<"promise"> {
  const { clock, synod, peers, restored } = state;
  const { accepted } = synod.acceptor;
  const extra =
    accepted !== undefined
      ? []
      : peers.flatMap(({ frames, received }, sender): SenderFrames[] => {
          const beyond = [];
          for (let number = (known[sender] ?? 0) + 1; number <= received; number++) {
            const frame = frames.get(number);
            if (frame !== undefined) beyond.push(frame);
          }
          return beyond.length === 0 ? [] : [{ sender, frames: beyond }];
        });
  const { received } = headerOf(state);
  const leaving = isLeaving(state);
  return { kind: "promise", stamp: stampOf(state), ballot, clock, received, accepted, extra, restored, leaving };
}

/** Stores what a seed promised and voted for, so that it founds no second group (A3); later views need no memory. */
function remember(state: TotalOrderState, out: TotalOrderOutbox): number {
  const { promised, accepted } = state.synod.acceptor;
  if (state.phase !== "seeking" || promised === undefined) return 0;
  return out.persist({ kind: "genesis", promised, accepted });
}

/** Our own promise or vote counts like any other: as soon as we cannot forget it. */
function tellSelf(state: TotalOrderState, message: MessageOf<"promise" | "accepted">, out: TotalOrderOutbox): void {
  const record = remember(state, out);
  if (record > 0) state.synod.own.push({ record, message });
  else hearSelf(state, message, out);
}

function hearSelf(state: TotalOrderState, message: MessageOf<"promise" | "accepted">, out: TotalOrderOutbox): void {
  const { node } = state.config;
  if (message.kind === "promise") receivePromise(state, node, message, out);
  else receiveAccepted(state, node, message, out);
}

/** So many records are durable. */
export function hearDurable(state: TotalOrderState, count: number, out: TotalOrderOutbox): void {
  const { own } = state.synod;
  for (let next = own[0]; next !== undefined && next.record <= count; next = own[0]) {
    own.shift();
    hearSelf(state, next.message, out);
  }
}

/** Somebody has stopped for us. */
export function receivePromise(
  state: TotalOrderState,
  node: NodeId,
  word: MessageOf<"promise">,
  out: TotalOrderOutbox,
): void {
  const { attempt } = state.synod;
  if (attempt === undefined || compareBallots(attempt.ballot, word.ballot) !== 0) return;
  if (!electorate(state).voters.includes(node)) return;
  const { incarnation } = word.stamp;
  const { accepted, clock, received, extra, restored, leaving } = word;
  attempt.promises.set(node, { node, incarnation, accepted, clock, received, extra, restored, leaving });
  tryToPropose(state, out);
}

/** Proposes once a majority has promised, and all who can be expected to, or time is up (V6). */
function tryToPropose(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { synod, config } = state;
  const { attempt } = synod;
  if (attempt === undefined || attempt.value !== undefined) return;
  if (attempt.promises.size < electorate(state).quorum) return;
  const isAwaited = attempt.ticks < config.promiseTicks && expected(state).some((node) => !attempt.promises.has(node));
  if (isAwaited) return;
  const decree = boundValue(attempt) ?? draft(state, [...attempt.promises.values()], out);
  if (decree === undefined) return dropAttempt(state);
  propose(attempt, decree);
  askAll(state, out); // before our own vote, which may end the view
  accept(synod.acceptor, attempt.ballot, decree);
  tellSelf(state, { kind: "accepted", stamp: stampOf(state), ballot: attempt.ballot }, out);
}

/** Those who should answer soon. */
function expected(state: TotalOrderState): readonly NodeId[] {
  const { phase, peers, seeds, seeking, config } = state;
  if (phase === "seeking") return seeds.filter((node) => node === config.node || seeking.seekers.has(node));
  return peers.filter((peer) => !isSuspect(state, peer)).map(({ node }) => node);
}

/** Votes for a decree (V7), which stops us as a promise does. It must be about the view that we are in. */
export function answerAccept(
  state: TotalOrderState,
  from: NodeId,
  ask: MessageOf<"accept">,
  out: TotalOrderOutbox,
): void {
  const { ballot, decree } = ask;
  const { group, number } = state.view;
  if (decree.base !== number || (number > 0 && decree.group !== group)) return;
  noteBallot(state, ballot);
  if (!accept(state.synod.acceptor, ballot, decree)) return refuse(state, from, out);
  remember(state, out);
  out.send(from, { kind: "accepted", stamp: stampOf(state), ballot });
}

/**
 * Counts a vote; with a majority the decree is chosen, and the view ends (V8).
 *
 * Who is left out, and alone knows of it, stays until somebody goes on: without it the others may be too few to decide.
 */
export function receiveAccepted(
  state: TotalOrderState,
  node: NodeId,
  vote: MessageOf<"accepted">,
  out: TotalOrderOutbox,
): void {
  const { attempt } = state.synod;
  if (attempt?.value === undefined || compareBallots(attempt.ballot, vote.ballot) !== 0) return;
  const { voters, quorum } = electorate(state);
  if (!voters.includes(node) || !countVote(attempt, node, quorum)) return;
  announce(state, attempt.value, voters, out);
  const isTold = state.phase === "seeking" || attempt.value.members.length === 0 || isIn(state, attempt.value);
  if (isTold) install(state, attempt.value, out);
}

/** Somebody promised a higher ballot than ours. */
export function receiveRefuse(state: TotalOrderState, { ballot }: MessageOf<"refuse">): void {
  const { synod } = state;
  synod.round = Math.max(synod.round, ballot.round);
  if (synod.attempt !== undefined && compareBallots(synod.attempt.ballot, ballot) < 0) dropAttempt(state);
}
