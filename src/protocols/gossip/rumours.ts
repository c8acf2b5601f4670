import type { Bytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { add, addAll, type ReadonlyHoldings, removeAll } from "./known/holdings.ts";
import { minus, type Ranges, union } from "./known/ranges.ts";
import { costOf, hold } from "./known/store.ts";
import { passOn } from "./links/schedule.ts";
import type { Digest, GossipMessage, GossipRequest, Origin } from "./messages.ts";
import { takeCover } from "./stability.ts";
import { type GossipOutbox, type GossipState, isCarried, owe, type Peer } from "./state.ts";

type Batch = Extract<GossipMessage, { readonly kind: "batch" }>;
type Submit = Extract<GossipRequest, { readonly kind: "submit" }>;

/** Numbers what the owner submits, and delivers it here first (G1). */
export function submit(state: GossipState, { id, payloads }: Submit, out: GossipOutbox): void {
  const { config, origin } = state;
  const cost = payloads.reduce((sum, payload) => sum + costOf(payload), 0);
  const room = config.storeBytesMax / config.members.length - state.ownUnstableBytes;
  if (payloads.some((payload) => payload.length > config.payloadBytesMax)) {
    return out.output({ kind: "refused", id, reason: "too-large" });
  }
  if (cost > room) return out.output({ kind: "refused", id, reason: "store-full" });
  const first = state.submitted + 1;
  const count = payloads.length;
  out.output({ kind: "accepted", id, origin, first, count });
  if (count === 0) return;
  state.submitted += count;
  state.ownUnstableBytes += cost;
  if (config.copies > 0) state.submissions.push({ id, first, count });
  takeIn(state, origin, first, payloads, out);
}

/** A batch: rumours, and what its sender knows (G2). */
export function receiveBatch(state: GossipState, peer: Peer, message: Batch, out: GossipOutbox): void {
  takeKnows(state, peer, message.knows, out);
  for (const { origin, first, payloads } of message.rumours) receiveRumour(state, peer, origin, first, payloads, out);
  if (message.gone.length > 0) miss(state, peer, message.gone, out);
  if (message.cover !== undefined) takeCover(state, peer, message.cover);
  if (peer.role === "above") passOn(state);
  owe(state, peer);
  if (message.isUrgent) peer.owesTicks = 0;
}

/** Known or not, its sender has it, and is owed the acknowledgement: the one before may be lost. */
function receiveRumour(
  state: GossipState,
  peer: Peer,
  origin: Origin,
  first: number,
  payloads: readonly Bytes[],
  out: GossipOutbox,
): void {
  const last = first + payloads.length - 1;
  const ranges: Ranges = [[first, last]];
  if (origin === state.origin) {
    invariant(last <= state.submitted, "an incarnation is used once: nobody else numbers its payloads");
  }
  add(peer.theirs, origin, ranges);
  cut(peer, [{ origin, ranges }]);
  const fresh = minus(ranges, state.known.get(origin) ?? []);
  if (fresh.length > 0 && !hasRoom(state, origin, fresh)) return; // as if it was lost: it comes again
  for (const [start, end] of fresh) takeIn(state, origin, start, payloads.slice(start - first, end - first + 1), out);
  add(peer.owes, origin, ranges);
}

/** What is known and what is in hand have their limits, whatever others send. */
function hasRoom({ config, known, store }: GossipState, origin: Origin, fresh: Ranges): boolean {
  const ranges = known.get(origin);
  if (ranges === undefined) return known.size < config.originsMax && store.unstableBytes < 2 * config.storeBytesMax;
  return union(ranges, fresh).length <= config.rangesMax && store.unstableBytes < 2 * config.storeBytesMax;
}

/** New here: delivered, known from now on, and passed on to all on used links but those who have it. */
function takeIn(
  state: GossipState,
  origin: Origin,
  first: number,
  payloads: readonly Bytes[],
  out: GossipOutbox,
): void {
  const ranges: Ranges = [[first, first + payloads.length - 1]];
  out.output({ kind: "deliver", origin, first, payloads });
  hold(state.store, origin, first, payloads);
  learn(state, origin, ranges);
}

function learn(state: GossipState, origin: Origin, ranges: Ranges): void {
  add(state.known, origin, ranges);
  state.hash = undefined;
  for (const peer of state.peers.values()) {
    if (isCarried(state, peer, origin)) add(peer.out, origin, minus(ranges, peer.theirs.get(origin) ?? []));
  }
}

/** A peer no longer holds what was meant for us: it was delivered to everyone before our time. */
function miss(state: GossipState, peer: Peer, gone: Digest, out: GossipOutbox): void {
  const missed: { origin: Origin; ranges: Ranges }[] = [];
  for (const { origin, ranges } of gone) {
    const fresh = minus(ranges, state.known.get(origin) ?? []);
    if (fresh.length > 0 && !hasRoom(state, origin, fresh)) continue;
    if (fresh.length > 0) missed.push({ origin, ranges: fresh });
    add(peer.theirs, origin, ranges);
    cut(peer, [{ origin, ranges }]);
    add(peer.owes, origin, ranges);
    learn(state, origin, fresh);
  }
  if (missed.length > 0) out.output({ kind: "missed", numbers: missed });
}

/** Which numbers a peer has: they need not be sent to it (G5). */
export function takeKnows(state: GossipState, peer: Peer, knows: Digest | ReadonlyHoldings, out: GossipOutbox): void {
  addAll(peer.theirs, knows);
  cut(peer, knows);
  tellSecured(state, out);
}

/** What a peer has is neither to send nor on its way any more. */
function cut(peer: Peer, knows: Digest | ReadonlyHoldings): void {
  removeAll(peer.out, knows);
  for (const { holds } of peer.flights) removeAll(holds, knows);
  peer.flights = peer.flights.filter(({ holds, asks }) => asks || holds.size > 0);
}

function tellSecured(state: GossipState, out: GossipOutbox): void {
  const { config, submissions, origin, peers } = state;
  for (let at = 0; at < submissions.length; at++) {
    const { id, first, count } = submissions[at] as (typeof submissions)[number];
    const isHeld = ({ theirs }: Peer) => minus([[first, first + count - 1]], theirs.get(origin) ?? []).length === 0;
    const copies = [...peers.values()].filter(isHeld).length;
    if (copies < config.copies) continue;
    submissions.splice(at--, 1);
    out.output({ kind: "secured", id, copies });
  }
}
