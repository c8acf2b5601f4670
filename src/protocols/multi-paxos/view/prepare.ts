import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { newLeaseClock } from "../../lease-clock.ts";
import { majority } from "../../quorum/majority.ts";
import { learnRun, pickPeer, reconcile } from "../catching-up/reconciling.ts";
import { forgetQueued, isExecuted, noteQueued } from "../clients/executed.ts";
import { isLoyal } from "../clients/lease.ts";
import { resendAll } from "../clients/updates.ts";
import { slotAt, topOf, updateBytes } from "../log/history.ts";
import { bitOf } from "../membership/configurations.ts";
import type { Of, Report, Update } from "../messages.ts";
import {
  isQuorumFor,
  type PaxosOutbox,
  type PaxosState,
  type Progress,
  persistView,
  send,
  startProgress,
} from "../state.ts";
import { forgetLeader, hearLeader, install, stepDown } from "./install.ts";

/**
 * Shift_to_Prepare_Phase: leads `view`, once a quorum has answered what it accepted (P1).
 *
 * Higher than any view promised before: so no view is ever led twice, whatever was forgotten of it (R4).
 * `appointedIn`: the view whose leader asked for this; nobody else did.
 */
export function shiftToPrepare(
  state: PaxosState,
  view: number,
  appointedIn: number | undefined,
  out: PaxosOutbox,
): void {
  invariant(view > state.lastInstalled && view > state.promised.view, "a view is prepared once, by a new promise");
  stepDown(state, out);
  forgetLeader(state, out);
  state.lastInstalled = view;
  state.lastAttempted = view;
  state.role = "preparing";
  state.appointedIn = appointedIn;
  state.viewChanges.clear();
  state.leaderHeardAt = undefined;
  startProgress(state);
  persistView(state, out);
  sendPrepares(state, out);
}

function sendPrepares(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, config, prepareOks, lastInstalled: view, appointedIn } = state;
  state.retransmitAt = state.clock + config.retransmitTicks;
  const isHeir = config.leases && appointedIn !== undefined;
  const prepare = isHeir ? ({ kind: "heirPrepare", view, appointedIn } as const) : ({ kind: "prepare", view } as const);
  for (const { id } of configuration?.members ?? []) {
    if (id !== config.id && prepareOks.get(id)?.isWhole !== true) send(state, id, prepare, out);
  }
}

/** One tick of who prepares: asks again those that have not answered. */
export function tickPrepare(state: PaxosState, out: PaxosOutbox): void {
  if (state.clock >= state.retransmitAt) sendPrepares(state, out);
}

/**
 * Promises the view, and says all that was accepted or ordered here above the leader's aru (P2).
 *
 * While a promise to another leader runs, it is as if the message had been lost: that one is not disturbed (B5).
 */
export function receivePrepare(
  state: PaxosState,
  from: NodeId,
  message: Of<"prepare" | "heirPrepare">,
  out: PaxosOutbox,
): void {
  const { view } = message;
  if (isLoyal(state, message.kind === "heirPrepare" ? message.appointedIn : undefined)) return;
  if (view > state.lastInstalled || state.role === "election") install(state, view, out);
  if (state.role !== "follower") return;
  const { leader } = state;
  hearLeader(state, from);
  state.leader = leader; // it lives, and does not lead yet
  persistView(state, out);
  const reports = reportsAbove(state, message.aru);
  const parts = inParts(reports, state.config.runBytesMax);
  const build = ++state.builds;
  for (const [part, each] of parts.entries()) {
    send(state, from, { kind: "prepareOk", view, build, part, parts: parts.length, reports: each }, out);
  }
}

/**
 * Construct_DataList: everything accepted and not ordered, without limit; and what is ordered, within a budget (P3).
 *
 * What is ordered here and not said, or trimmed, is stood for by our aru.
 */
function reportsAbove(state: PaxosState, aru: number): Report[] {
  const { history, config } = state;
  const reports: Report[] = [];
  let budget = config.runBytesMax;
  for (let seq = Math.max(aru + 1, history.tailFrom); seq <= history.aru && budget > 0; seq++) {
    const slot = slotAt(history, seq);
    if (slot === undefined || aru + 1 < history.tailFrom) break;
    budget -= updateBytes(slot.update);
    reports.push({ seq, accepted: 0, update: slot.update });
  }
  for (let seq = Math.max(aru, history.aru) + 1; seq <= topOf(history); seq++) {
    const slot = slotAt(history, seq);
    if (slot !== undefined) reports.push({ seq, accepted: slot.isOrdered ? 0 : slot.view, update: slot.update });
  }
  return reports;
}

function inParts(reports: readonly Report[], bytesMax: number): Report[][] {
  const parts: Report[][] = [[]];
  let bytes = 0;
  for (const report of reports) {
    bytes += updateBytes(report.update);
    const part = parts.at(-1) ?? [];
    if (bytes > bytesMax && part.length > 0) {
      parts.push([report]);
      bytes = updateBytes(report.update);
    } else part.push(report);
  }
  return parts;
}

/** Our own answer counts once our promise is durable (D2). */
function answerOwnPrepare(state: PaxosState): void {
  const { role, promised, disk, prepareOks, config, history, builds } = state;
  if (role !== "preparing" || promised.record > disk.durable || prepareOks.has(config.id)) return;
  const parts = new Map([[0, reportsAbove(state, history.aru)]]);
  prepareOks.set(config.id, { build: builds, parts, aru: history.aru, isWhole: true });
}

/** A voter's answer: what it knows to be ordered is learned, the rest kept until a quorum has answered (P4). */
export function receivePrepareOk(state: PaxosState, from: NodeId, message: Of<"prepareOk">, out: PaxosOutbox): void {
  if (state.role !== "preparing" || message.view !== state.lastInstalled) return;
  const { build, part, parts, reports, aru } = message;
  let answer = state.prepareOks.get(from);
  if (answer?.isWhole) return;
  if (answer?.build !== build) answer = { build, parts: new Map(), aru, isWhole: false };
  state.prepareOks.set(from, answer);
  answer.parts.set(part, reports);
  answer.aru = aru;
  answer.isWhole = answer.parts.size === parts;
  for (const { seq, accepted, update } of reports) if (accepted === 0) learnRun(state, seq, [update], out);
}

/**
 * View_Prepared_Ready: a quorum has answered (P5).
 *
 * What some answerer has ordered is never proposed, only learned: it left out what it had accepted there.
 */
export function tryToLead(state: PaxosState, out: PaxosOutbox): void {
  if (state.role !== "preparing") return;
  answerOwnPrepare(state);
  if (!isQuorumFor(state, (id) => state.prepareOks.get(id)?.isWhole === true)) return;
  let highest = 0;
  for (const { isWhole, aru } of state.prepareOks.values()) if (isWhole) highest = Math.max(highest, aru);
  if (state.history.aru >= highest) return lead(state, out);
  const peer = pickPeer(state);
  if (peer !== undefined) reconcile(state, peer, out);
}

/** A place that is bound, by the highest view in which anything was accepted there; ordered: for good. */
interface Candidate {
  readonly update: Update;
  readonly view: number;
}

/** What may have been ordered above our aru: of each place the update of the highest view (P6). */
function candidatesOf(state: PaxosState): Map<number, Candidate> {
  const { history } = state;
  const candidates = new Map<number, Candidate>();
  for (const answer of state.prepareOks.values()) {
    if (!answer.isWhole) continue;
    for (const reports of answer.parts.values()) {
      for (const { seq, accepted, update } of reports) {
        if (seq <= history.aru || slotAt(history, seq)?.isOrdered) continue;
        const known = candidates.get(seq);
        const view = accepted === 0 ? Number.POSITIVE_INFINITY : accepted; // ordered, but too far ahead to be learned
        if (known === undefined || known.view < view) candidates.set(seq, { update, view });
      }
    }
  }
  for (let seq = history.aru + 1; seq <= topOf(history); seq++) {
    const slot = slotAt(history, seq);
    if (slot?.isOrdered) candidates.set(seq, { update: slot.update, view: Number.POSITIVE_INFINITY });
  }
  return candidates;
}

/**
 * Takes the places away from repeats: of an update that stands in several, only that of the highest view can have been
 * ordered, and of one that is ordered already, none other. So no update is ever ordered twice (P6).
 */
function withoutRepeats(state: PaxosState, candidates: ReadonlyMap<number, Candidate>): Map<number, Update> {
  const { facts } = state;
  const places = new Map<string, number>();
  const viewAt = (seq: number) => (seq <= facts.through ? Number.POSITIVE_INFINITY : (candidates.get(seq)?.view ?? 0));
  const plan = new Map<number, Update>();
  for (const [seq, { update }] of candidates) {
    const { client, timestamp } = update;
    if (client !== 0) {
      if (seq > facts.through && isExecuted(facts.clients, client, timestamp)) continue;
      const name = `${client} ${timestamp}`;
      const other = places.get(name);
      if (other !== undefined && viewAt(other) >= viewAt(seq)) continue;
      if (other !== undefined) plan.delete(other);
      places.set(name, seq);
    }
    plan.set(seq, update);
  }
  return plan;
}

/** Shift_to_Reg_Leader: proposes first what is bound, and no-ops in the gaps between (P7). */
function lead(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, config, history, facts, clock } = state;
  if (configuration === undefined) return;
  const candidates = candidatesOf(state);
  const plan = withoutRepeats(state, candidates);
  const progress = new Map<NodeId, Progress>();
  const meet = (id: NodeId, bit: number) => {
    if (id !== config.id) progress.set(id, newProgress(id, bit, clock));
  };
  for (const { id } of configuration.members) meet(id, bitOf(configuration, id));
  for (const { id } of configuration.learners) meet(id, 0);
  state.role = "leader";
  state.leader = config.id;
  state.progressAt = undefined;
  state.prepareOks = new Map();
  state.leadership = {
    progress,
    quorum: majority(configuration.members.length),
    ownBit: bitOf(configuration, config.id),
    plan,
    planTop: Math.max(history.aru, ...candidates.keys()),
    lastProposed: history.aru,
    ownRuns: [],
    queue: [],
    senders: [],
    queueFrom: 0,
    queueBytes: 0,
    round: 0,
    rounds: [],
    waiting: [],
    waitingTicks: 0,
    handover: undefined,
    hasAppointed: false,
    sendings: [],
    movedAt: clock,
    repeatedAt: clock,
  };
  forgetQueued(facts.clients);
  for (const { client, timestamp } of plan.values()) if (client !== 0) noteQueued(facts.clients, client, timestamp);
  resendAll(state, out);
  state.due.heartbeat = true;
}

function newProgress(id: NodeId, bit: number, clock: number): Progress {
  return {
    id,
    bit,
    ackedAt: clock,
    round: 0,
    inflight: [],
    inflightBytes: 0,
    toldOrdered: 0,
    awaited: 0,
    clock: newLeaseClock(),
  };
}
