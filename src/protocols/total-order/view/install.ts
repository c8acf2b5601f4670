import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import type { Decree, Member, ViewMember } from "../messages.ts";
import { deliverRest, giveWaiting } from "../order/delivery.ts";
import { keep, receiveHeld } from "../order/links.ts";
import { newPeer, newSynod, peerAt, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { stampOf, tellAll } from "../telling.ts";
import { end } from "./ending.ts";
import { beginTransfers } from "./transfer.ts";

/** Tells others that a decree is chosen: those of the view that ends, and those of the next (V8). */
export function announce(
  state: TotalOrderState,
  decree: Decree,
  voters: readonly NodeId[],
  out: TotalOrderOutbox,
): void {
  const message = { kind: "install", stamp: stampOf(state), decree } as const;
  const nodes = new Set([...voters, ...decree.members.map(({ node }) => node)]);
  nodes.delete(state.config.node);
  for (const node of nodes) out.send(node, message);
}

/** Ends the view as was decided, and begins the next, with us or without (V9). */
export function install(state: TotalOrderState, decree: Decree, out: TotalOrderOutbox): void {
  const { phase, view } = state;
  if (phase === "seeking") {
    if (isIn(state, decree)) enter(state, decree, out);
    else if (decree.base === 0) missFounding(state, decree);
    return;
  }
  if (phase !== "member" || decree.group !== view.group || decree.base !== view.number) return;
  if (decree.cut.length !== state.peers.length) return; // of no view of ours: the codec cannot know
  if (isIn(state, decree)) {
    finish(state, decree, out);
    return enter(state, decree, out);
  }
  announce(state, decree, [], out); // the decision may be known to nobody else alive
  end(
    state,
    state.leavingTicks === undefined
      ? { kind: "excluded", group: view.group, view: decree.base + 1 }
      : { kind: "left" },
    out,
  );
}

/** Whether the next view is ours, too. */
export function isIn({ config }: TotalOrderState, { members }: Decree): boolean {
  return members.some((member) => isSame(member, config));
}

/** A group was founded that we are not in: it is to be found now, not to be founded again. */
function missFounding({ seeking, synod }: TotalOrderState, { group }: Decree): void {
  if (seeking.gone !== undefined) return;
  seeking.gone = group;
  seeking.quietTicks = 0;
  synod.attempt = undefined;
}

/** Delivers what is left of the view that ends: the same at every survivor. */
function finish(state: TotalOrderState, { cut, tail, position }: Decree, out: TotalOrderOutbox): void {
  for (const [place, { frames }] of state.peers.entries()) {
    // what came before its time, and is behind the cut, never belonged to the view
    for (const number of frames.keys()) if (number > (cut[place] ?? 0)) frames.delete(number);
  }
  for (const { sender, frames } of tail) {
    const peer = peerAt(state, sender);
    for (const frame of frames) if (frame.number > peer.received) keep(peer, frame);
    receiveHeld(state, sender);
  }
  deliverRest(state, cut, out);
  invariant(state.position === position, "every survivor has delivered as many messages");
  invariant(state.framed.size === 0, "a survivor's own frames are before the cut");
}

function enter(state: TotalOrderState, decree: Decree, out: TotalOrderOutbox): void {
  const { config } = state;
  const { group, members, position } = decree;
  const before = state.view.members;
  state.phase = "member";
  state.view = { group, number: decree.base + 1, members, position };
  state.me = members.findIndex((member) => isSame(member, config));
  state.peers = members.map((member) => newPeer(member, members.length, decree.clock, config.resendTicks));
  state.clock = Math.max(state.clock, decree.clock);
  state.position = position;
  state.synod = newSynod();
  state.lastDecree = decree;
  if (members[state.me]?.restored) state.restored = true;
  if (state.restored) giveWaiting(state, out, true);
  else state.waiting = []; // the state that is to come holds all of it
  if (!state.restored) state.waitingBytes = 0;
  state.due.replies.clear();
  state.due.answer = 0;
  settleApplicants(state);
  out.output({ kind: "view", group, number: decree.base + 1, members, ...changes(before, members), position });
  beginTransfers(state, out);
  tellAll(state, undefined, out);
}

function settleApplicants({ applicants, view }: TotalOrderState): void {
  for (const { node, incarnation } of view.members) {
    const applicant = applicants.get(node);
    if (applicant !== undefined && applicant.incarnation <= incarnation) applicants.delete(node);
  }
}

function changes(before: readonly ViewMember[], after: readonly ViewMember[]): { joined: Member[]; left: Member[] } {
  const without = (one: readonly ViewMember[], other: readonly ViewMember[]) =>
    one
      .filter((member) => !other.some((each) => isSame(each, member)))
      .map(({ node, incarnation }) => ({ node, incarnation }));
  return { joined: without(after, before), left: without(before, after) };
}

/** Whether two are the same run of the same node. */
function isSame(one: Member, other: Member): boolean {
  return one.node === other.node && one.incarnation === other.incarnation;
}
