import { invariant } from "../../../base/invariant.ts";
import { nextBelow } from "../../../base/random.ts";
import type { Frame, Header } from "../messages.ts";
import { windowBytesOf } from "../options.ts";
import {
  isLeaving,
  isWedged,
  type MessageOf,
  type Peer,
  peerAt,
  self,
  stableOf,
  type TotalOrderOutbox,
  type TotalOrderState,
} from "../state.ts";
import { headerOf, stampOf, tellAll, tellOne } from "../telling.ts";

/** Bytes that a frame counts for: each payload takes a little more than itself. */
export function frameBytes({ payloads }: Frame): number {
  return payloads.reduce((sum, payload) => sum + payloadBytes(payload), 0);
}

/** Bytes that a payload counts for. */
export function payloadBytes(payload: Uint8Array): number {
  return payload.length + 8;
}

/** Takes in a frame of the member at `place`, once, in order of numbers (L2). */
export function receiveData(state: TotalOrderState, place: number, { header, frame }: MessageOf<"data">): void {
  const peer = peerAt(state, place);
  const { replies } = state.due;
  if (frame.number <= peer.received)
    replies.set(place, replies.get(place) ?? false); // its acknowledgement was lost
  else if (hasRoomFor(state, peer, frame)) hold(state, place, frame);
  receiveHeader(state, place, header);
}

/**
 * Whether a frame is within two windows of its sender; one that is not counts as lost, and is repeated.
 *
 * The windows are ours: the sender's may be larger. What comes before its time must leave room for what is next.
 */
function hasRoomFor({ config, peers }: TotalOrderState, peer: Peer, frame: Frame): boolean {
  const { forgotten, received, bytes, earlyBytes } = peer;
  const { number } = frame;
  const window = windowBytesOf(config, peers.length);
  if (number > forgotten + 2 * config.windowFrames || bytes >= window) return false;
  return number === received + 1 || bytes + earlyBytes + frameBytes(frame) <= 2 * window;
}

/** Keeps a frame, and counts as received what follows without a gap. */
function hold(state: TotalOrderState, place: number, frame: Frame): void {
  const peer = peerAt(state, place);
  const { due } = state;
  if (frame.number > peer.received + 1 && !peer.isTold) {
    peer.isTold = true;
    due.replies.set(place, true);
  }
  keep(peer, frame);
  receiveHeld(state, place);
  due.answer = Math.max(due.answer, frame.timestamp);
}

/** Holds a frame until it is forgotten. */
export function keep(peer: Peer, frame: Frame): void {
  if (peer.frames.has(frame.number)) return;
  peer.frames.set(frame.number, frame);
  peer.earlyBytes += frameBytes(frame);
}

/** Counts as received all frames that are held without a gap. */
export function receiveHeld(state: TotalOrderState, place: number): void {
  const peer = peerAt(state, place);
  for (;;) {
    const next = peer.frames.get(peer.received + 1);
    if (next === undefined) break;
    peer.received++;
    peer.bytes += frameBytes(next);
    peer.earlyBytes -= frameBytes(next);
    peer.heard = Math.max(peer.heard, next.timestamp);
    state.clock = Math.max(state.clock, next.timestamp);
  }
  self(state).acks[place] = peer.received;
}

/** Takes in what a member says of itself (L3): its clock counts only once all that it had sent before is here. */
export function receiveHeader(state: TotalOrderState, place: number, header: Header): void {
  const peer = peerAt(state, place);
  const { acks } = peer;
  for (const [at, received] of header.received.entries()) {
    if (received <= (acks[at] ?? 0)) continue;
    acks[at] = received;
    peer.stalledTicks = 0;
    if (at === state.me) resetRepeats(state, peer);
  }
  state.clock = Math.max(state.clock, header.clock);
  peer.restored ||= header.restored;
  peer.leaving ||= header.leaving;
  const { clock, sent } = header;
  if (clock > (peer.pending?.clock ?? peer.heard)) peer.pending = { clock, sent };
  if (peer.pending === undefined || peer.received < peer.pending.sent) return;
  peer.heard = Math.max(peer.heard, peer.pending.clock);
  peer.pending = undefined;
}

/** A member misses a frame of ours; if it still misses the same one, it is repeated at once (L6). */
export function receiveMissing(
  state: TotalOrderState,
  place: number,
  { header }: MessageOf<"null">,
  out: TotalOrderOutbox,
): void {
  const peer = peerAt(state, place);
  const received = header.received[state.me] ?? 0;
  if (received < (peer.acks[state.me] ?? 0)) return;
  if (peer.missing === received) repeat(state, peer, out);
  else peer.missing = received;
}

function resetRepeats({ config }: TotalOrderState, peer: Peer): void {
  peer.resend.leftTicks = config.resendTicks;
  peer.resend.delayTicks = config.resendTicks;
  peer.missing = -1;
}

/** Repeats what members have not acknowledged, each by a timer of its own that nothing else we send delays (L6). */
export function tickRepeats(state: TotalOrderState, out: TotalOrderOutbox): void {
  const me = self(state);
  for (const peer of state.peers) {
    peer.isTold = false;
    if (peer === me) continue;
    if ((peer.acks[state.me] ?? 0) >= me.received) resetRepeats(state, peer);
    else if (--peer.resend.leftTicks <= 0) repeat(state, peer, out);
  }
}

function repeat(state: TotalOrderState, peer: Peer, out: TotalOrderOutbox): void {
  const { config, random, me } = state;
  const stamp = stampOf(state);
  const header = headerOf(state);
  const first = (peer.acks[me] ?? 0) + 1;
  for (let number = first; number < first + config.resendFrames; number++) {
    const frame = self(state).frames.get(number);
    if (frame !== undefined) out.send(peer.node, { kind: "data", stamp, header, frame });
  }
  const { resend } = peer;
  const spread = Math.floor(resend.delayTicks / 4);
  resend.delayTicks = Math.min(config.resendTicksMax, resend.delayTicks * 2);
  resend.leftTicks = resend.delayTicks - spread + nextBelow(random, 2 * spread + 1);
  peer.missing = -1;
}

/** Forgets what everyone holds and we have delivered (L7): a promise may have to hand on all else. */
export function forget(state: TotalOrderState): void {
  for (const [place, peer] of state.peers.entries()) {
    const upTo = Math.min(peer.delivered, stableOf(state, place));
    while (peer.forgotten < upTo) {
      const frame = peer.frames.get(++peer.forgotten);
      invariant(frame !== undefined, "what was delivered is held until it is forgotten");
      peer.frames.delete(peer.forgotten);
      peer.bytes -= frameBytes(frame);
    }
  }
}

/** Says that we live when there was nothing else to say (L8), and counts how long others are silent or stand still. */
export function tickLinks(state: TotalOrderState, out: TotalOrderOutbox): void {
  const me = self(state);
  const canAcknowledge = !isWedged(state); // who is wedged takes no acknowledgement in
  for (const peer of state.peers) {
    if (peer === me) continue;
    peer.silentTicks++;
    const isBehind = state.peers.some((sender, at) => (peer.acks[at] ?? 0) < sender.received);
    if (!isBehind) peer.stalledTicks = 0;
    else if (canAcknowledge && peer.silentTicks < state.config.suspectTicks) peer.stalledTicks++;
  }
  if (++state.told.quietTicks >= state.config.keepAliveTicks) tellAll(state, undefined, out);
}

/**
 * Answers what the batch brought (L5): to all, if they wait for our clock or acknowledgement; else to whom it concerns.
 *
 * Only a frame makes anyone answer: two members that answered each other's answers would never end.
 */
export function answer(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { due, told, config, peers } = state;
  const isAwaited =
    due.answer > 0 &&
    (told.clock < due.answer ||
      (config.delivery === "uniform" && peers.some(({ received }, at) => (told.received[at] ?? 0) < received)));
  if (isAwaited || due.tell || isLeaving(state) !== told.leaving) tellAll(state, undefined, out);
  for (const [place, missing] of due.replies) {
    if (missing || !due.isTold) tellOne(state, peerAt(state, place).node, missing, out);
  }
}
