import type { NodeId } from "../../../base/ids.ts";
import { invariant, unreachable } from "../../../base/invariant.ts";
import type { PaxosState } from "../../../protocols/multi-paxos/index.ts";
import { slotAt } from "../../../protocols/multi-paxos/log/history.ts";
import { epochOf, viewOf } from "../../../protocols/multi-paxos/membership/configurations.ts";
import { majority } from "../../../protocols/quorum/majority.ts";
import { viewWords } from "../../multi-paxos/words.ts";
import type { Standing } from "../explorable.ts";
import {
  type Chosen,
  type Electorate,
  isSameUpdate,
  type Named,
  named,
  type PaxosFact,
  type PaxosHistory,
  type PaxosTerms,
} from "./terms.ts";

type Member = Standing<PaxosTerms>;
type State = Readonly<PaxosState>;

/** The history with what a step adds; throws when the two contradict each other. */
export function rememberPaxos(history: PaxosHistory, facts: readonly PaxosFact[]): PaxosHistory {
  return facts.reduce(rememberOne, history);
}

function rememberOne(history: PaxosHistory, fact: PaxosFact): PaxosHistory {
  switch (fact.kind) {
    case "decides":
      return rememberEpoch(history, fact.epoch, { start: fact.start, members: new Set(fact.members) });
    case "leads": {
      const { id, life, view } = fact;
      const [leader, itsLife] = history.leaders.get(view) ?? [id, life];
      const told = `${viewWords(view)} has ${leader} in its life ${itsLife} and ${id} in its life ${life}`;
      invariant(leader === id && itsLife === life, `a view has one leader, and one life of it: ${told}`);
      return { ...history, leaders: withEntry(history.leaders, view, [id, life]) };
    }
    case "promises": {
      const { id, view } = fact;
      const promised = history.promised.get(id) ?? 0;
      const told = `${id} in ${viewWords(view)}, who promised ${viewWords(promised)}`;
      invariant(view >= promised, `nothing is answered for a lower view than was promised: ${told}`);
      return { ...history, promised: withEntry(history.promised, id, view) };
    }
    case "proposes":
      return rememberProposal(history, fact.view, fact.seq, fact.update);
    case "accepts":
      return rememberAccept(rememberProposal(history, fact.view, fact.seq, fact.update), fact);
    case "acknowledges":
      for (const seq of fact.seqs) checkAcknowledged(history, fact.id, fact.view, seq);
      return history;
    case "orders": {
      const { id, seq, update } = fact;
      const chosen = history.chosen.get(seq);
      const told = `${id} has ${nameOf(update)} at ${seq}, where ${nameOf(chosen)} was chosen`;
      invariant(isSameUpdate(chosen, update), `what is ordered was chosen: ${told}`);
      return { ...history, ordered: Math.max(history.ordered, seq) };
    }
    case "asks":
      return { ...history, reads: withEntry(history.reads, fact.read, history.ordered) };
    case "answers":
      return rememberAnswers(history, fact.reads, fact.index);
    case "refuses": {
      const reads = new Map(history.reads);
      reads.delete(fact.read);
      return { ...history, reads };
    }
    default:
      return unreachable(fact);
  }
}

function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map([...map, [key, value]]);
}

function rememberEpoch(history: PaxosHistory, epoch: number, electorate: Electorate): PaxosHistory {
  const known = history.epochs.get(epoch) ?? electorate;
  const isSame = known.start === electorate.start && isSameSet(known.members, electorate.members);
  invariant(isSame, `all know the same members of an epoch, and where it starts: ${epoch}`);
  return { ...history, epochs: withEntry(history.epochs, epoch, electorate) };
}

function isSameSet(one: ReadonlySet<NodeId>, other: ReadonlySet<NodeId>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

function rememberProposal(history: PaxosHistory, view: number, seq: number, update: Named): PaxosHistory {
  const places = history.proposed.get(view) ?? new Map<number, Named>();
  const known = places.get(seq);
  if (known !== undefined) {
    const told = `${nameOf(known)} and ${nameOf(update)} at ${seq} in ${viewWords(view)}`;
    invariant(isSameUpdate(known, update), `a view has one update for each place: ${told}`);
    return history;
  }
  const epoch = epochOfPlace(history, seq);
  invariant(
    epochOf(view) === epoch,
    `a place is decided in views of its own epoch: ${seq} is of ${epoch}, not in ${viewWords(view)}`,
  );
  return { ...history, proposed: withEntry(history.proposed, view, withEntry(places, seq, update)) };
}

function epochOfPlace({ epochs }: PaxosHistory, seq: number): number {
  let found = 0;
  for (const [epoch, { start }] of epochs) if (start <= seq) found = Math.max(found, epoch);
  return found;
}

/** A durable accept: with those of a quorum of the epoch's voters its update is chosen, and no other ever is. */
function rememberAccept(
  history: PaxosHistory,
  { id, view, seq, update }: Extract<PaxosFact, { kind: "accepts" }>,
): PaxosHistory {
  const voters = history.epochs.get(epochOf(view))?.members ?? new Set();
  const known = history.chosen.get(seq);
  if (!voters.has(id) || isSameUpdate(known, update)) return history;
  const places = history.accepts.get(view) ?? new Map<number, ReadonlySet<NodeId>>();
  const by = new Set([...(places.get(seq) ?? []), id]);
  if (by.size < majority(voters.size)) {
    return { ...history, accepts: withEntry(history.accepts, view, withEntry(places, seq, by)) };
  }
  const left = new Map(places);
  left.delete(seq);
  return choose({ ...history, accepts: withEntry(history.accepts, view, left) }, seq, { ...update, view });
}

function choose(history: PaxosHistory, seq: number, update: Chosen): PaxosHistory {
  const known = history.chosen.get(seq);
  const told = `${nameOf(update)} in ${viewWords(update.view)} at ${seq}`;
  if (known !== undefined) {
    const before = `${nameOf(known)} in ${viewWords(known.view)}`;
    invariant(isSameUpdate(known, update), `one update is chosen for each place: ${told}, where ${before} was`);
    return history;
  }
  for (const [place, other] of history.chosen) {
    const isRepeated = update.name.includes(".") && other.name === update.name;
    invariant(!isRepeated, `an update is chosen for one place: ${told}, and at ${place}`);
  }
  return { ...history, chosen: withEntry(history.chosen, seq, update) };
}

function checkAcknowledged(history: PaxosHistory, id: NodeId, view: number, seq: number): void {
  const chosen = history.chosen.get(seq);
  const isChosen = isSameUpdate(chosen, history.proposed.get(view)?.get(seq)); // then it does not matter any more
  const isStored = isChosen || history.accepts.get(view)?.get(seq)?.has(id) === true;
  const isLearner = history.epochs.get(epochOf(view))?.members.has(id) === false;
  invariant(isStored || isLearner, `what is acknowledged was accepted durably: ${id} at ${seq} in ${viewWords(view)}`);
}

function rememberAnswers(history: PaxosHistory, ids: readonly number[], index: number): PaxosHistory {
  const reads = new Map(history.reads);
  for (const id of ids) {
    const ordered = reads.get(id);
    invariant(ordered !== undefined, `a read is answered once, and after it was asked: ${id}`);
    invariant(index >= ordered, `a read sees all that was ordered when it was asked: up to ${index}, not ${ordered}`);
    reads.delete(id);
  }
  return { ...history, reads };
}

/** What must hold in every state: throws when it does not. */
export function checkPaxos(members: readonly Member[], history: PaxosHistory): void {
  for (const member of members) {
    const { state, disk } = member;
    const epoch = state.configuration?.epoch;
    const isOfEpoch = epoch === undefined || epochOf(state.lastInstalled) === epoch;
    invariant(isOfEpoch, `a member is in a view of its epoch: ${state.config.id} in ${viewWords(state.lastInstalled)}`);
    promiseIsStored(state.config.id, disk, history);
    if (state.role === "leader") leaderIsComplete(state, history);
    deliveredIsStored(member, history);
  }
  for (const [seq, chosen] of history.chosen) isOnQuorum(members, seq, chosen, history);
}

/** A promise outlives its giver's process (D1, D2). */
function promiseIsStored(id: NodeId, disk: State, { promised }: PaxosHistory): void {
  const view = promised.get(id) ?? 0;
  invariant(disk.lastInstalled >= view, `a promise is stored before it is given: ${id} of ${viewWords(view)}`);
}

/** Who leads knows what was chosen in earlier views of its epoch: as ordered, or bound in its plan (P5, P6). */
function leaderIsComplete({ config, lastInstalled, history, leadership }: State, { chosen }: PaxosHistory): void {
  const first = viewOf(epochOf(lastInstalled), 0);
  for (const [seq, update] of chosen) {
    if (seq <= history.aru || update.view >= lastInstalled || update.view < first || leadership === undefined) continue;
    const slot = slotAt(history, seq);
    const isSettled = slot?.isOrdered === true || seq <= leadership.lastProposed;
    const bound = isSettled ? slot?.update : leadership.plan.get(seq);
    const told = `${config.id} in ${viewWords(lastInstalled)}, ${nameOf(update)} at ${seq}`;
    invariant(
      bound !== undefined && isSameUpdate(update, named(bound)),
      `a leader knows what was chosen in earlier views: ${told}`,
    );
  }
}

/** What was handed to the owner is on the member's own disk (D3). */
function deliveredIsStored({ state, disk }: Member, { chosen }: PaxosHistory): void {
  for (let seq = disk.history.floor + 1; seq <= state.delivery.delivered; seq++) {
    const update = slotAt(disk.history, seq)?.update;
    const isStored = update !== undefined && isSameUpdate(chosen.get(seq), named(update));
    invariant(isStored, `what is delivered is durable here: ${state.config.id} at ${seq}`);
  }
}

/** What is chosen is on the disks of a quorum of those who chose it, now and for ever. */
function isOnQuorum(members: readonly Member[], seq: number, chosen: Chosen, { epochs }: PaxosHistory): void {
  const voters = epochs.get(epochOf(chosen.view))?.members ?? new Set<NodeId>();
  let count = 0;
  for (const { state, disk } of members) {
    if (voters.has(state.config.id) && holds(disk, seq, chosen)) count++;
  }
  const told = `${nameOf(chosen)} at ${seq} on ${count} of ${voters.size}`;
  invariant(count >= majority(voters.size), `what is chosen stays on the disks of a quorum: ${told}`);
}

function holds({ history }: State, seq: number, chosen: Chosen): boolean {
  if (seq <= history.floor) return true;
  const slot = slotAt(history, seq);
  if (slot === undefined || !isSameUpdate(chosen, named(slot.update))) return false;
  return slot.isOrdered || slot.view >= chosen.view;
}

function nameOf(update: Named | undefined): string {
  return update === undefined ? "nothing" : `${update.name} of ${viewWords(update.term)}`;
}
