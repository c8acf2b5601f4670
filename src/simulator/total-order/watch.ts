import { invariant } from "../../base/invariant.ts";
import { compareBallots } from "../../protocols/synod/ballot.ts";
import type {
  Ballot,
  TotalOrderMessage,
  TotalOrderState,
  TotalOrderVocabulary,
} from "../../protocols/total-order/index.ts";
import { windowBytesOf } from "../../protocols/total-order/options.ts";
import { frameBytes } from "../../protocols/total-order/order/links.ts";
import { isWedged, type Peer, stableOf } from "../../protocols/total-order/state.ts";
import type { Watch } from "../protocol.ts";
import { Conduct } from "./conduct.ts";
import { Holders } from "./holders.ts";
import type { Ledger } from "./ledger.ts";

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
  readonly promised: Ballot | undefined;
  readonly attempt: Ballot | undefined;
}

/** What holds of the state of each member, after each step. */
export class TotalOrderWatch implements Watch<TotalOrderVocabulary, TotalOrderState> {
  checks = 0;
  readonly #seen = new Map<string, Seen>();
  readonly #conduct: Conduct;
  readonly #holders = new Holders();

  readonly #ledger: Ledger;

  /** Of so many nodes at the most; `ledger` learns of decrees that members take for decided. */
  constructor(now: () => number, nodeCount: number, ledger: Ledger) {
    this.#ledger = ledger;
    this.#conduct = new Conduct(now, nodeCount);
  }

  started(id: string): void {
    this.#seen.delete(id);
    this.#conduct.started(id);
  }

  persisted(): void {}

  sent(id: string, to: string, message: TotalOrderMessage): void {
    this.#conduct.sent(id, to, message);
    if (message.kind === "install") this.#ledger.decide(id, message.decree);
  }

  wiped(): void {}

  stepped(id: string, state: Readonly<TotalOrderState>): void {
    this.checks++;
    this.#conduct.stepped(id, state);
    if (state.phase !== "member") return;
    this.#holders.stepped(id, state);
    checkMember(id, state);
    const seen = seenOf(state);
    const before = this.#seen.get(id);
    if (before !== undefined) checkProgress(id, before, seen);
    if (seen.attempt !== undefined && seen.attempt !== before?.attempt) checkAttempt(id, state);
    this.#seen.set(id, seen);
  }
}

/** What holds of a member in a view. */
export function checkMember(id: string, state: Readonly<TotalOrderState>): void {
  for (const [place, peer] of state.peers.entries()) checkPeer(id, state, place, peer);
  checkTold(id, state);
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
  const sizes = [...frames.values()].map(frameBytes);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  invariant(bytes === peer.bytes + peer.earlyBytes, `frames are counted right: ${whose}`);
  // a sender's window may be larger than ours; then the frame that was next may go beyond it
  const bytesMax = 2 * windowBytesOf(config, peers.length) + Math.max(0, ...sizes);
  invariant(bytes <= bytesMax, `no more bytes are held than two windows: ${whose}`);
}

/** The others know the time of every frame that is received here; and, where they count on it, that it is. */
function checkTold(id: string, { told, clock, peers, config }: Readonly<TotalOrderState>): void {
  invariant(told.clock <= clock, `nobody is told a time that has not come: ${id}`);
  for (const [place, { node, frames, received }] of peers.entries()) {
    const last = frames.get(received);
    const claim = `a frame is answered in the step that takes it in: ${node} #${received} by ${id}`;
    invariant(last === undefined || told.clock >= last.timestamp, claim);
    invariant(config.delivery === "agreed" || (told.received[place] ?? 0) >= received, claim);
  }
}

function checkAttempt(id: string, { peers, me, config }: Readonly<TotalOrderState>): void {
  const heard = peers.filter(({ silentTicks }, place) => place === me || silentTicks < config.suspectTicks);
  invariant(heard.length > peers.length / 2, `who hears no majority stops nobody: ${id}`);
}

function seenOf(state: Readonly<TotalOrderState>): Seen {
  const { config, view, clock, position, peers, synod } = state;
  return {
    incarnation: config.incarnation,
    group: view.group,
    view: view.number,
    clock,
    position,
    received: peers.map(({ received }) => received),
    delivered: peers.map(({ delivered }) => delivered),
    isWedged: isWedged(state),
    promised: synod.acceptor.promised,
    attempt: synod.attempt?.ballot,
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
  if (before.promised !== undefined) {
    const isHeeded = after.promised !== undefined && compareBallots(after.promised, before.promised) >= 0;
    invariant(isHeeded, `who has promised a ballot heeds no lower one: ${id}`);
  }
  if (!before.isWedged) return;
  const words = ({ clock, received, delivered, position }: Seen) =>
    JSON.stringify([clock, received, delivered, position]);
  invariant(after.isWedged && words(after) === words(before), `who is wedged stands still: ${id}`);
}
