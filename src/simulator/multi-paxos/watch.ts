import { isSameBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import {
  type Configuration,
  decodeChange,
  type Membership,
  type PaxosMessage,
  type PaxosRecord,
  type PaxosState,
  type PaxosVocabulary,
  type Update,
} from "../../protocols/multi-paxos/index.ts";
import { slotAt, topOf } from "../../protocols/multi-paxos/log/history.ts";
import { epochOf } from "../../protocols/multi-paxos/membership/configurations.ts";
import { majority } from "../../protocols/quorum/majority.ts";
import type { LogWatch } from "../replicated/group.ts";

type State = Readonly<PaxosState>;

/** A member as the disk and the last step show it. */
interface Glimpse {
  /** Which start of its process this is. */
  life: number;
  recordCount: number;
  /** Records that promise, accept or take in something, until they are durable. */
  open: { readonly number: number; readonly record: PaxosRecord }[];
  /** The highest view promised by a durable record, in all its lives. */
  promised: number;
  installed: number;
  role: PaxosState["role"];
  aru: number;
}

/**
 * Multi-Paxos's properties, checked after every step of any member, by who sees all disks.
 *
 * What was chosen is found by counting durable accepts, and not by believing a member.
 */
export class PaxosWatch implements LogWatch<PaxosVocabulary, PaxosState> {
  readonly #seen = new Map<string, Glimpse>();
  readonly #states = new Map<string, State>();
  /** Who leads, or asks to, each view: a member, and one run of it. */
  readonly #leaders = new Map<number, string>();
  /** What was proposed, and who accepted it durably, by view and place. */
  readonly #proposed = new Map<number, Map<number, { readonly update: Update; readonly by: Set<string> }>>();
  readonly #chosen: (Update | undefined)[] = [];
  readonly #configurations: Configuration[] = [];
  /** Changes of members that were proposed, and where: one that is not ordered may yet be. */
  readonly #changes: { readonly seq: number; readonly update: Update }[] = [];
  /** Where each client's update stands. */
  readonly #places = new Map<string, number>();
  /** What each member stored as waiting, durably, and was not seen to be ordered when last asked. */
  readonly #waiting = new Map<string, Set<string>>();
  checks = 0;
  elections = 0;

  /** What every member takes for the membership; of one that is down, what it took. And what it may soon be. */
  *memberships(): Iterable<Membership> {
    let ordered = 0;
    for (const { membership, history, leadership } of this.#states.values()) {
      ordered = Math.max(ordered, history.aru);
      yield membership;
      for (const update of leadership?.queue ?? []) if (update.kind === "members") yield changeOf(update);
    }
    for (const { seq, update } of this.#changes) if (seq > ordered) yield changeOf(update);
  }

  started(id: string, state: State): void {
    const before = this.#seen.get(id);
    const promised = before?.promised ?? 0;
    invariant(
      state.lastInstalled >= promised,
      `a stored promise survives: ${id} ${state.lastInstalled} of ${promised}`,
    );
    this.#seen.set(id, {
      life: (before?.life ?? 0) + 1,
      recordCount: 0,
      open: [],
      promised: Math.max(promised, state.promised.view),
      installed: state.lastInstalled,
      role: state.role,
      aru: state.history.aru,
    });
    this.#states.set(id, state);
    this.#configured(id, state);
    for (let seq = state.history.aru + 1; seq <= topOf(state.history); seq++) {
      const slot = slotAt(state.history, seq);
      if (slot !== undefined && slot.view > 0) this.#accepted(id, slot.view, seq, slot.update);
    }
  }

  wiped(id: string): void {
    this.#states.delete(id);
    this.#seen.delete(id);
    this.#waiting.delete(id);
  }

  persisted(id: string, record: PaxosRecord): void {
    const seen = this.#seen.get(id);
    if (seen === undefined) return;
    seen.recordCount++;
    if (record.kind === "accepted") this.#proposedIn(record.view, record.first, record.updates);
    const isPromise = record.kind === "accepted" || record.kind === "view" || record.kind === "pending";
    if (isPromise) seen.open.push({ number: seen.recordCount, record });
  }

  /** One update for each place of a view, whoever says so; and no place has views of two epochs. */
  #proposedIn(view: number, first: number, updates: readonly Update[]): void {
    const places = this.#proposed.get(view) ?? new Map();
    this.#proposed.set(view, places);
    for (const [at, update] of updates.entries()) {
      const seq = first + at;
      const known = places.get(seq);
      if (known === undefined) {
        places.set(seq, { update, by: new Set() });
        if (update.kind === "members") this.#changes.push({ seq, update });
        const epoch = this.#configurations.findLast(({ start }) => start <= seq)?.epoch ?? 0;
        invariant(epochOf(view) >= epoch, `a place is decided in views of its own epoch: ${seq} in ${view}`);
      } else if (!isSame(known.update, update)) {
        invariant(false, `a view has one update for each place: ${seq} in ${view}`);
      }
    }
  }

  /** What leaves a member must be so: it cannot be taken back. */
  sent(id: string, _to: string, message: PaxosMessage): void {
    const seen = this.#seen.get(id);
    const state = this.#states.get(id);
    if (seen === undefined || state === undefined) return;
    const isPrepare = message.kind === "prepare" || message.kind === "heirPrepare";
    if (isPrepare) this.#leads(id, seen, message.view);
    if (message.kind === "proposal") this.#proposedIn(message.view, message.first, message.updates);
    if (isPrepare || message.kind === "prepareOk" || message.kind === "accept") {
      this.#durable(id, seen, state.disk.durable);
      invariant(seen.promised >= message.view, `a promise is durable before it is given: ${id} ${message.view}`);
    }
    if (message.kind === "accept") this.#answered(id, state, message.view, message.first, message.last);
  }

  /** An accept that is sent is covered by the disk, or is of what is ordered. */
  #answered(id: string, { history }: State, view: number, first: number, last: number): void {
    const places = this.#proposed.get(view);
    for (let seq = first; seq <= last; seq++) {
      const isCovered = seq <= history.aru || slotAt(history, seq)?.isOrdered || places?.get(seq)?.by.has(id);
      if (!isCovered) invariant(false, `only what is durable is acknowledged: ${id} at ${seq} in ${view}`);
    }
  }

  stepped(id: string, state: State): void {
    this.checks++;
    const seen = this.#seen.get(id);
    if (seen === undefined) return;
    this.#durable(id, seen, state.disk.durable);
    if (state.lastInstalled < seen.installed) invariant(false, `an installed view never falls: ${id}`);
    if (state.history.aru < seen.aru) invariant(false, `what is ordered never falls back: ${id}`);
    if (state.lastAttempted < state.lastInstalled) invariant(false, `attempts are above what is installed: ${id}`);
    const isBegun = state.role !== seen.role || state.lastInstalled !== seen.installed;
    if (isBegun && state.role === "leader") {
      this.elections++;
      this.#leads(id, seen, state.lastInstalled);
    }
    this.#configured(id, state);
    if (state.history.aru > seen.aru) this.#ordered(id, state, seen.aru);
    checkBounds(id, state);
    if (state.removed !== undefined) this.#waiting.delete(id); // it owes nothing to who is no member
    seen.installed = state.lastInstalled;
    seen.role = state.role;
    seen.aru = state.history.aru;
  }

  #durable(id: string, seen: Glimpse, durable: number): void {
    for (let next = seen.open[0]; next !== undefined && next.number <= durable; next = seen.open[0]) {
      seen.open.shift();
      const { record } = next;
      if (record.kind === "pending") this.#pending(id, record.updates);
      if (record.kind !== "accepted" && record.kind !== "view") continue;
      seen.promised = Math.max(seen.promised, record.view);
      if (record.kind !== "accepted") continue;
      for (const [at, update] of record.updates.entries()) this.#accepted(id, record.view, record.first + at, update);
    }
  }

  /** What was stored as waiting is ordered in the end, whatever becomes of the run that took it in (D5). */
  #pending(id: string, updates: readonly Update[]): void {
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    for (const update of updates) waiting.add(nameOf(update));
  }

  owed(id: string): string | undefined {
    const waiting = this.#waiting.get(id);
    for (const name of waiting ?? []) {
      if (this.#places.has(name)) waiting?.delete(name);
      else return `${id} stored update ${name}, and it is not ordered`;
    }
    return undefined;
  }

  /** A durable accept: with those of a quorum of the epoch's voters its update is chosen, and no other ever is. */
  #accepted(id: string, view: number, seq: number, update: Update): void {
    this.#proposedIn(view, seq, [update]);
    const place = this.#proposed.get(view)?.get(seq);
    const configuration = this.#configurations.find(({ epoch }) => epoch === epochOf(view));
    if (place === undefined || configuration === undefined) return;
    place.by.add(id);
    const count = configuration.members.filter((member) => place.by.has(member.id)).length;
    if (count < majority(configuration.members.length)) return;
    const known = this.#chosen[seq] ?? update;
    invariant(isSame(known, update), `what is chosen never changes: ${seq} in ${view}, on ${[...place.by].join()}`);
    this.#chosen[seq] = update;
  }

  #leads(id: string, { life }: Glimpse, view: number): void {
    const run = `${id} ${life}`;
    const leader = this.#leaders.get(view) ?? run;
    invariant(leader === run, `a view has one leader, and one run of it: ${leader} and ${run} in ${view}`);
    this.#leaders.set(view, run);
  }

  /** What a member takes for ordered was chosen, and is the same everywhere; each client's update stands once. */
  #ordered(id: string, { history }: State, before: number): void {
    for (let seq = before + 1; seq <= history.aru; seq++) {
      const chosen = this.#chosen[seq];
      const update = slotAt(history, seq)?.update ?? chosen; // out of memory again, or known through a snapshot
      if (update === undefined) continue;
      const isChosen = chosen !== undefined && isSame(chosen, update);
      if (!isChosen) invariant(false, `what is ordered was chosen: ${id} at ${seq}`);
      if (update.client === 0) continue;
      const name = nameOf(update);
      const place = this.#places.get(name) ?? seq;
      invariant(place === seq, `an update is ordered once: ${name} at ${place} and ${seq}`);
      this.#places.set(name, seq);
    }
  }

  /** An epoch has the same members everywhere. */
  #configured(id: string, { facts }: State): void {
    for (const configuration of facts.configurations) {
      const known = this.#configurations[configuration.epoch];
      if (known === undefined) this.#configurations[configuration.epoch] = configuration;
      else if (known !== configuration) {
        const isAgreed = known.start === configuration.start && namesOf(known) === namesOf(configuration);
        invariant(isAgreed, `all know the same members of an epoch: ${id} of ${configuration.epoch}`);
      }
    }
  }
}

function namesOf({ members, learners }: Configuration): string {
  return [...members, ...learners].map((member) => member.id).join();
}

function changeOf({ payload }: Update): Membership {
  return { ...decodeChange(payload), outgoing: [] };
}

/** An update across repeats. */
function nameOf({ client, timestamp }: Update): string {
  return `${client} ${timestamp}`;
}

function isSame(one: Update, other: Update): boolean {
  if (one === other) return true;
  const isNamedSame = one.client === other.client && one.timestamp === other.timestamp && one.term === other.term;
  return isNamedSame && one.kind === other.kind && isSameBytes(one.payload, other.payload);
}

/** One message or entry that reached a bound may go beyond it by so much. */
const slackBytes = 2000;

/** A member's own state is in order: its indexes, and every queue within its maximum. */
function checkBounds(id: string, { history, delivery, leadership, config, pending }: State): void {
  if (!(history.floor <= history.aru && history.floor < history.tailFrom && history.tailFrom <= history.aru + 1))
    invariant(false, `floor ≤ aru, floor < tailFrom ≤ aru + 1: ${id}`);
  if (delivery.applied > delivery.delivered) invariant(false, `only what was delivered is applied: ${id}`);
  if (delivery.delivered > history.aru) invariant(false, `only what is ordered is delivered: ${id}`);
  if (delivery.outstandingBytes > config.deliveryBytesMax + config.runBytesMax + slackBytes)
    invariant(false, `delivery keeps to its window: ${id}`);
  if (pending.count === 0 && pending.bytes !== 0) invariant(false, `pending bytes are counted right: ${id}`);
  if (leadership === undefined) return;
  if (leadership.queueBytes > config.queueBytesMax + slackBytes)
    invariant(false, `the queue keeps to its maximum: ${id}`);
  for (const { inflight, inflightBytes } of leadership.progress.values()) {
    const sum = inflight.reduce((bytes, run) => bytes + run.bytes, 0);
    if (sum !== inflightBytes) invariant(false, `bytes on their way are counted right: ${id}`);
  }
}
