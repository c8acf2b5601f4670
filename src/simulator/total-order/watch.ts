import { invariant } from "../../base/invariant.ts";
import type { TotalOrderState, TotalOrderVocabulary } from "../../protocols/total-order/index.ts";
import { windowBytesOf } from "../../protocols/total-order/options.ts";
import { frameBytes } from "../../protocols/total-order/order/links.ts";
import { isWedged, type Peer, stableOf } from "../../protocols/total-order/state.ts";
import type { Watch } from "../protocol.ts";

/** What must not change, or not go back, from one step of a process to the next. */
interface Seen {
  readonly incarnation: number;
  readonly group: string;
  readonly view: number;
  readonly clock: number;
  readonly position: number;
  readonly received: readonly number[];
  readonly delivered: readonly number[];
  readonly isWedged: boolean;
}

/** What holds of the state of each member, after each step. */
export class TotalOrderWatch implements Watch<TotalOrderVocabulary, TotalOrderState> {
  checks = 0;
  readonly #seen = new Map<string, Seen>();

  started(id: string): void {
    this.#seen.delete(id);
  }

  persisted(): void {}
  sent(): void {}
  wiped(): void {}

  stepped(id: string, state: Readonly<TotalOrderState>): void {
    this.checks++;
    if (state.phase !== "member") return;
    checkMember(id, state);
    const seen = seenOf(state);
    const before = this.#seen.get(id);
    if (before !== undefined) checkProgress(id, before, seen);
    this.#seen.set(id, seen);
  }
}

/** What holds of a member in a view. */
export function checkMember(id: string, state: Readonly<TotalOrderState>): void {
  for (const [place, peer] of state.peers.entries()) checkPeer(id, state, place, peer);
  invariant(state.told.clock <= state.clock, `nobody is told a time that has not come: ${id}`);
  invariant(state.position < Number.MAX_SAFE_INTEGER, "positions are exact");
}

/** What holds of a step of a member that is in a view before and after it. */
export function checkStep(id: string, before: Readonly<TotalOrderState>, after: Readonly<TotalOrderState>): void {
  checkProgress(id, seenOf(before), seenOf(after));
}

function checkPeer(id: string, state: Readonly<TotalOrderState>, place: number, peer: Peer): void {
  const { config, me, clock, peers } = state;
  const { received, delivered, forgotten, frames, heard, acks } = peer;
  const whose = `${peer.node} at ${id}`;
  invariant(delivered <= received, `what is delivered was received: ${whose}`);
  invariant(forgotten <= Math.min(delivered, stableOf(state, place)), `only what all hold is forgotten: ${whose}`);
  invariant(heard <= clock, `the clock is not behind what was heard: ${whose}`);
  invariant(place !== me || acks.every((ack, at) => ack === peers[at]?.received), `own acknowledgements: ${id}`);
  invariant(acks[place] === undefined || acks[place] >= received, `a sender has what it sent: ${whose}`);
  const held = [...frames.keys()];
  const most = forgotten + 2 * config.windowFrames;
  invariant(
    held.every((number) => number > forgotten && number <= most),
    `no more frames are held than two windows: ${whose}`,
  );
  const bytes = [...frames.values()].reduce((sum, frame) => sum + frameBytes(frame), 0);
  const bytesMax = 2 * windowBytesOf(config, peers.length);
  invariant(bytes <= bytesMax, `no more bytes are held than two windows: ${whose}`);
}

function seenOf(state: Readonly<TotalOrderState>): Seen {
  const { config, view, clock, position, peers } = state;
  return {
    incarnation: config.incarnation,
    group: view.group,
    view: view.number,
    clock,
    position,
    received: peers.map(({ received }) => received),
    delivered: peers.map(({ delivered }) => delivered),
    isWedged: isWedged(state),
  };
}

function checkProgress(id: string, before: Seen, after: Seen): void {
  if (before.incarnation !== after.incarnation) return;
  invariant(after.clock >= before.clock, `clocks do not go back: ${id}`);
  invariant(after.view >= before.view && after.group === before.group, `views do not go back: ${id}`);
  invariant(after.position >= before.position, `positions do not go back: ${id}`);
  if (after.view !== before.view) return;
  const isKept = after.received.every((received, place) => received >= (before.received[place] ?? 0));
  invariant(isKept, `what was received stays so: ${id}`);
  if (!before.isWedged) return;
  const words = ({ clock, received, delivered, position }: Seen) =>
    JSON.stringify([clock, received, delivered, position]);
  invariant(after.isWedged && words(after) === words(before), `who is wedged stands still: ${id}`);
}
