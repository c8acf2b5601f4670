import type { Decree, Frame, Member, SenderFrames, ViewMember } from "../messages.ts";
import { type PromisedState, peerAt, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { mustGo, roomFor } from "./suspicion.ts";

/** How the view shall end, from what a majority said when it stopped (V6); `undefined`: nobody has the state. */
export function draft(
  state: TotalOrderState,
  promises: readonly PromisedState[],
  out: TotalOrderOutbox,
): Decree | undefined {
  return state.phase === "seeking" ? draftGenesis(state, promises) : draftNext(state, promises, out);
}

/** A new group of those seeds that promised (V14). */
function draftGenesis({ config }: TotalOrderState, promises: readonly PromisedState[]): Decree {
  const { node, incarnation } = config;
  const members = promises.map((founder) => memberOf(founder, true));
  const clock = Math.max(...promises.map((founder) => founder.clock));
  const group = `${node}#${incarnation}`;
  return { group, base: 0, members: sorted(members), cut: [], tail: [], clock, position: 0 };
}

function draftNext(
  state: TotalOrderState,
  promises: readonly PromisedState[],
  out: TotalOrderOutbox,
): Decree | undefined {
  const members = nextMembers(state, promises);
  if (members === undefined) {
    if (!state.isStateLost) out.output({ kind: "stateLost" });
    state.isStateLost = true;
    return undefined;
  }
  const { group, number } = state.view;
  const cut = state.peers.map((_, place) => Math.max(...promises.map(({ received }) => received[place] ?? 0)));
  const frames = state.peers.map((_, place) => gather(state, promises, place));
  const tail = frames.flatMap((held, sender): SenderFrames[] => {
    const least = Math.min(...promises.map(({ received }) => received[sender] ?? 0));
    const lacking = between(held, least, cut[sender] ?? 0);
    return lacking.length === 0 ? [] : [{ sender, frames: lacking }];
  });
  const timestamps = tail.flatMap((each) => each.frames.map(({ timestamp }) => timestamp));
  const clock = Math.max(...promises.map((each) => each.clock), ...timestamps);
  let { position } = state;
  for (const [place, held] of frames.entries()) {
    const { delivered } = peerAt(state, place);
    for (const { payloads } of between(held, delivered, cut[place] ?? 0)) position += payloads.length;
  }
  return { group, base: number, members, cut, tail, clock, position };
}

/** Who goes on: of those who stopped for this ballot, all who may stay; and as many applicants as there is room for. */
function nextMembers(state: TotalOrderState, promises: readonly PromisedState[]): readonly ViewMember[] | undefined {
  const { peers, applicants, config } = state;
  const staying = promises.filter(({ node, leaving }) => {
    const peer = peers.find((each) => each.node === node);
    return !leaving && peer !== undefined && !mustGo(state, peer);
  });
  const restoredCount = staying.filter(({ restored }) => restored).length;
  if (restoredCount === 0 && staying.length > 0) return undefined;
  const room = roomFor(state, staying.length, restoredCount);
  const free = [...applicants.values()].filter(({ node }) => staying.every((each) => each.node !== node));
  const newcomers = sorted(free).slice(0, room);
  return sorted([
    ...staying.map((member) => memberOf(member, member.restored)),
    ...newcomers.map((member) => memberOf(member, config.stateless)),
  ]);
}

function memberOf({ node, incarnation }: Member, restored: boolean): ViewMember {
  return { node, incarnation, restored };
}

/** All frames of one sender that we hold or were told of. */
function gather(state: TotalOrderState, promises: readonly PromisedState[], place: number): ReadonlyMap<number, Frame> {
  const held = new Map(peerAt(state, place).frames);
  for (const { extra } of promises) {
    for (const { sender, frames } of extra) {
      if (sender === place) for (const frame of frames) held.set(frame.number, frame);
    }
  }
  return held;
}

/** Those with numbers above `after` and up to `last`; that each is there is checked by who installs the decree. */
function between(held: ReadonlyMap<number, Frame>, after: number, last: number): readonly Frame[] {
  const frames: Frame[] = [];
  for (let number = after + 1; number <= last; number++) {
    const frame = held.get(number);
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

function sorted<Named extends { readonly node: string }>(members: readonly Named[]): readonly Named[] {
  return members.toSorted((one, other) => (one.node < other.node ? -1 : 1));
}
