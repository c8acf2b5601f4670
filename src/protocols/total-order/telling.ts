import type { NodeId } from "../../base/ids.ts";
import type { Frame, Header, Stamp } from "./messages.ts";
import { isLeaving, self, type TotalOrderOutbox, type TotalOrderState } from "./state.ts";

/** In whose name and in which view we speak. */
export function stampOf({ config, view }: TotalOrderState): Stamp {
  return { group: view.group, view: view.number, incarnation: config.incarnation };
}

/** What we say of ourselves; of a wedged member it stands still. */
export function headerOf(state: TotalOrderState): Header {
  const received = state.peers.map((peer) => peer.received);
  const { clock, restored } = state;
  return { clock, sent: received[state.me] ?? 0, received, leaving: isLeaving(state), restored };
}

/** Tells all other members how we are, with a frame of ours or without one. */
export function tellAll(state: TotalOrderState, frame: Frame | undefined, out: TotalOrderOutbox): void {
  const stamp = stampOf(state);
  const header = headerOf(state);
  const message = frame
    ? ({ kind: "data", stamp, header, frame } as const)
    : ({ kind: "null", stamp, header, missing: false } as const);
  const me = self(state);
  for (const peer of state.peers) if (peer !== me) out.send(peer.node, message);
  state.told.clock = header.clock;
  state.told.received = header.received;
  state.told.leaving = header.leaving;
  state.told.quietTicks = 0;
  state.due.tell = false;
  state.due.isTold = true;
}

/** Tells one node how we are; it need not be a member. */
export function tellOne(state: TotalOrderState, to: NodeId, missing: boolean, out: TotalOrderOutbox): void {
  out.send(to, { kind: "null", stamp: stampOf(state), header: headerOf(state), missing });
}
