import { invariant } from "../../base/invariant.ts";
import type { GossipMessage, GossipState, GossipVocabulary } from "../../protocols/gossip/index.ts";
import {
  addAll,
  difference,
  type Holdings,
  intersection,
  type ReadonlyHoldings,
  size,
} from "../../protocols/gossip/known/holdings.ts";
import { areRanges } from "../../protocols/gossip/known/ranges.ts";
import { costOf, payloadOf } from "../../protocols/gossip/known/store.ts";
import { outstanding } from "../../protocols/gossip/sending.ts";
import { isCarried, type Peer } from "../../protocols/gossip/state.ts";
import type { Watch } from "../protocol.ts";
import { digestWords } from "./words.ts";

type State = Readonly<GossipState>;

/** Sees all that members of a group do, and what each of them knew in each of its lives. */
export class GossipWatch implements Watch<GossipVocabulary, GossipState> {
  checks = 0;
  /** When something was sent last that a group at rest does not send. */
  unrestAt = 0;
  readonly #now: () => number;
  /** What is known, by member and life. */
  readonly #known = new Map<string, Holdings>();
  /** What each member knew in any life. */
  readonly #ever = new Map<string, Holdings>();

  constructor(now: () => number) {
    this.#now = now;
  }

  started(id: string, state: State): void {
    this.#known.set(lifeOf(id, state.config.incarnation), new Map());
    if (!this.#ever.has(id)) this.#ever.set(id, new Map());
  }

  persisted(): void {
    invariant(false, "gossip stores nothing");
  }

  sent(from: string, to: string, message: GossipMessage): void {
    const isEmpty = message.kind === "batch" && message.rumours.length + message.gone.length === 0;
    invariant(!isEmpty, `a batch brings something: ${from} to ${to}`);
    if (message.kind !== "digest" || message.knows !== undefined) this.unrestAt = this.#now();
  }

  stepped(id: string, state: State): void {
    this.checks++;
    const life = lifeOf(id, state.config.incarnation);
    const before = this.#known.get(life) ?? new Map();
    holds(before, state.known, `what is known stays known: ${id}`);
    this.#known.set(life, new Map(state.known));
    addAll(this.#ever.get(id) as Holdings, difference(state.known, before)); // made when it started
    checkOwn(id, state);
    for (const peer of state.peers.values()) {
      checkPeer(id, state, peer, this.#known.get(lifeOf(peer.id, peer.incarnation)) ?? new Map());
    }
    checkForgotten(id, state, (member) => this.#ever.get(member) ?? new Map());
  }

  wiped(): void {}
}

/** What a member believes of a peer, and means to send it; `truth` is what the peer knows in the life that is meant. */
export function checkPeer(id: string, state: State, peer: Peer, truth: ReadonlyHoldings): void {
  const of = `${id} of ${peer.id}`;
  const flying = outstanding(peer);
  holds(peer.theirs, truth, `a peer is believed to know only what it knows (theirs ⊆ truth): ${of}`);
  lacks(flying, peer.out, `what is on its way is not to be sent as well (flight ∩ out = ∅): ${of}`);
  lacks(peer.theirs, peer.out, `what a peer has is not to be sent: ${of}`);
  const { flightCountMax } = state.config;
  invariant(peer.flights.length <= flightCountMax, `no more batches than the window are on their way: ${of}`);
  if (peer.role === "spare") return;
  const cared: Holdings = new Map([...peer.theirs]);
  addAll(cared, peer.out);
  addAll(cared, flying);
  const carried = new Map([...state.known].filter(([origin]) => isCarried(state, peer, origin)));
  holds(carried, cared, `what is known is known, on its way or to be sent on every used link: ${of}`);
}

/** What may be forgotten was delivered to everyone, in some life; `ever` is what a member knew in any of its own. */
export function checkForgotten(id: string, state: State, ever: (member: string) => ReadonlyHoldings): void {
  const stable = difference(state.known, state.store.unstable);
  if (stable.size === 0) return;
  for (const member of state.config.members) {
    holds(stable, ever(member), `only what everyone had may be forgotten: ${id}, what ${member} never had`);
  }
}

function lifeOf(id: string, incarnation: number): string {
  return `${id} ${incarnation}`;
}

/** A member's own state is in order, and within its bounds. */
export function checkOwn(id: string, { config, known, store }: State): void {
  invariant(known.size <= config.originsMax, `origins keep to their maximum: ${id}`);
  for (const ranges of known.values()) {
    invariant(areRanges(ranges), `ranges are in order and apart: ${id}`);
    invariant(ranges.length <= config.rangesMax, `gaps keep to their maximum: ${id}`);
  }
  holds(store.held, known, `only what is known is in hand: ${id}`);
  holds(store.unstable, store.held, `what somebody may lack is in hand: ${id}`);
  let bytes = 0;
  for (const [origin, ranges] of store.unstable) {
    for (const [first, last] of ranges) {
      for (let number = first; number <= last; number++) bytes += costOf(payloadOf(store, origin, number) ?? none);
    }
  }
  invariant(bytes === store.unstableBytes, `payloads in hand are counted right: ${id}`);
  invariant(store.keptBytes <= config.keptBytesMax, `payloads kept keep to their maximum: ${id}`);
}

const none = new Uint8Array(0);

function holds(some: ReadonlyHoldings, all: ReadonlyHoldings, claim: string): void {
  const missing = difference(some, all);
  if (missing.size > 0) invariant(false, `${claim}, ${wordsOf(missing)}`);
}

function lacks(some: ReadonlyHoldings, none: ReadonlyHoldings, claim: string): void {
  const both = intersection(some, none);
  if (size(both) > 0) invariant(false, `${claim}, ${wordsOf(both)}`);
}

function wordsOf(holdings: ReadonlyHoldings): string {
  return digestWords([...holdings].map(([origin, ranges]) => ({ origin, ranges })));
}
