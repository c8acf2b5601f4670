import { invariant } from "../../../base/invariant.ts";
import type { Frame } from "../messages.ts";
import { type Delivery, peerAt, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { payloadBytes } from "./links.ts";

/** Delivers what is certain to come next, for as long as the owner keeps up (L4, L9). */
export function deliver(state: TotalOrderState, out: TotalOrderOutbox): void {
  giveWaiting(state, out);
  while (hasRoom(state)) {
    const place = firstUndelivered(state);
    const frame = place === -1 ? undefined : nextFrame(state, place);
    if (frame === undefined || !isCertain(state, place, frame)) return;
    deliverFrame(state, place, frame, out);
  }
}

/** Delivers all frames up to the `cut`, in order: nothing else of the view can come any more (V9). */
export function deliverRest(state: TotalOrderState, cut: readonly number[], out: TotalOrderOutbox): void {
  for (;;) {
    const place = firstUndelivered(state);
    if (place === -1) break;
    invariant(peerAt(state, place).delivered < (cut[place] ?? 0), "nothing behind the cut was received");
    deliverFrame(state, place, nextFrame(state, place), out);
  }
  for (const [place, { delivered }] of state.peers.entries())
    invariant(delivered === cut[place], "a survivor holds all frames up to the cut");
}

/** The sender of the least received frame that is not delivered, by timestamp and then by node; -1: there is none. */
function firstUndelivered({ peers }: TotalOrderState): number {
  let first = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [place, { frames, delivered, received }] of peers.entries()) {
    if (delivered === received) continue;
    const { timestamp = least } = frames.get(delivered + 1) ?? {};
    if (timestamp >= least) continue; // members are in order of their nodes, so of equals the first is right
    least = timestamp;
    first = place;
  }
  return first;
}

function nextFrame(state: TotalOrderState, place: number): Frame {
  const { frames, delivered } = peerAt(state, place);
  const frame = frames.get(delivered + 1);
  invariant(frame !== undefined, "what was received is held until it is delivered");
  return frame;
}

/**
 * Whether no frame can come before this one, and none of a view that goes on without it.
 *
 * Everyone was heard up to its timestamp; and, if delivery is uniform, a majority holds it.
 */
function isCertain({ peers, me, config }: TotalOrderState, place: number, { timestamp, number }: Frame): boolean {
  if (peers.some(({ heard }, at) => at !== me && heard < timestamp)) return false;
  if (config.delivery === "agreed") return true;
  let holders = 0;
  for (const { acks } of peers) if ((acks[place] ?? 0) >= number) holders++;
  return holders > peers.length / 2;
}

function deliverFrame(state: TotalOrderState, place: number, frame: Frame, out: TotalOrderOutbox): void {
  const peer = peerAt(state, place);
  const { node, incarnation } = peer;
  const { group, number: view } = state.view;
  const { timestamp, payloads, number } = frame;
  const ids = place === state.me ? state.framed.get(number) : undefined;
  if (place === state.me) state.framed.delete(number);
  peer.delivered = number;
  for (const [at, payload] of payloads.entries()) {
    const id = ids?.[at];
    const position = ++state.position;
    const sender = { node, incarnation };
    const delivery: Delivery = {
      kind: "deliver",
      group,
      view,
      position,
      timestamp,
      sender,
      payload,
      ...(id !== undefined && { id }),
    };
    if (state.restored && state.waiting.length === 0) give(state, delivery, out);
    else wait(state, delivery);
  }
}

function give(state: TotalOrderState, delivery: Delivery, out: TotalOrderOutbox): void {
  const bytes = payloadBytes(delivery.payload);
  state.unconsumed.push({ position: delivery.position, bytes });
  state.unconsumedBytes += bytes;
  out.output(delivery);
}

function wait(state: TotalOrderState, delivery: Delivery): void {
  state.waiting.push(delivery);
  state.waitingBytes += payloadBytes(delivery.payload);
}

/** Whether one more message may be delivered, to the owner or to those that wait. */
function hasRoom(state: TotalOrderState): boolean {
  if (state.restored) return state.waiting.length === 0 && ownerKeepsUp(state);
  return state.waitingBytes < state.config.waitingBytesMax;
}

function ownerKeepsUp({ unconsumed, unconsumedBytes, config }: TotalOrderState): boolean {
  return unconsumed.length < config.unconsumedMax && unconsumedBytes < config.unconsumedBytesMax;
}

/** Gives the owner what waited for the state; all of it, or as much as it keeps up with. */
export function giveWaiting(state: TotalOrderState, out: TotalOrderOutbox, all = false): void {
  if (!state.restored || state.waiting.length === 0) return;
  let count = 0;
  for (const delivery of state.waiting) {
    if (!all && !ownerKeepsUp(state)) break;
    state.waitingBytes -= payloadBytes(delivery.payload);
    give(state, delivery, out);
    count++;
  }
  state.waiting = state.waiting.slice(count);
}

/** The owner has taken in everything through `position`. */
export function consume(state: TotalOrderState, position: number): void {
  let count = 0;
  for (const each of state.unconsumed) {
    if (each.position > position) break;
    state.unconsumedBytes -= each.bytes;
    count++;
  }
  state.unconsumed.splice(0, count);
}
