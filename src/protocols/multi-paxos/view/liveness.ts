import type { NodeId } from "../../../base/ids.ts";
import { nextBelow } from "../../../base/random.ts";
import type { PaxosMessage } from "../messages.ts";
import { type Contact, isQuorumFor, type PaxosOutbox, type PaxosState, stamped } from "../state.ts";

/** Ticks in which one member is told once at the most that it is behind. */
const tellTicks = 2;

/** What is known of a member, from now on. */
function contactOf(state: PaxosState, id: NodeId): Contact {
  const known = state.contacts.get(id);
  if (known !== undefined) return known;
  const contact: Contact = { heardAt: Number.NEGATIVE_INFINITY, hearsUs: false, aru: 0, toldUntil: 0 };
  state.contacts.set(id, contact);
  return contact;
}

/** A message came: its sender lives, and says how far it knows the order. */
export function noteHeard(state: PaxosState, from: NodeId, message: PaxosMessage): void {
  const contact = contactOf(state, from);
  contact.heardAt = state.clock;
  if (message.aru > contact.aru) contact.aru = message.aru;
  noteKnown(state, message.aru, from);
  if (message.kind === "viewProof" || message.kind === "viewChange") {
    contact.hearsUs = message.heard.includes(state.config.id);
  }
}

/** Somebody has ordered everything through `seq`. */
export function noteKnown(state: PaxosState, seq: number, by: NodeId): void {
  if (seq > state.known.seq) state.known = { seq, by };
}

/** Whether a member was heard of late. */
export function isHeard({ contacts, clock, config }: PaxosState, id: NodeId): boolean {
  const heardAt = contacts.get(id)?.heardAt;
  return heardAt !== undefined && clock - heardAt < config.progressTicks;
}

/** Whom this member hears, for others to know that it does. */
export function heardNow(state: PaxosState): readonly NodeId[] {
  return [...state.contacts.keys()].filter((id) => isHeard(state, id));
}

/** Whether this member and voters with whom it is connected, both ways, are a quorum (V9). */
export function isQuorumConnected(state: PaxosState): boolean {
  const isConnected = (id: NodeId) => isHeard(state, id) && state.contacts.get(id)?.hearsUs === true;
  return isQuorumFor(state, (id) => id === state.config.id || isConnected(id));
}

/** Messages that come now and then may be missing so often in a row. */
const missesMax = 3;

/** Whether the leader of the installed view is known to live, first-hand: rumours keep no dead leader alive (V10). */
function isLeaderAlive({ role, leaderHeardAt, clock, config }: PaxosState): boolean {
  if (role === "leader") return true;
  const ticksMax = missesMax * config.heartbeatTicks;
  return role === "follower" && leaderHeardAt !== undefined && clock - leaderHeardAt < ticksMax;
}

/** The tick until which word of the leader's life counts, of who hears it only through others. */
export function trustsUntil({ clock, config, random }: PaxosState): number {
  return clock + missesMax * config.proofTicks + nextBelow(random, config.proofTicks);
}

/**
 * Sends a VC_Proof: which view is installed here, and whom we hear.
 *
 * Waits for the disk while that holds no promise of it: or a leader could be told of a view that it has forgotten.
 */
export function sendProof(state: PaxosState, to: NodeId, out: PaxosOutbox): void {
  const proof = stamped(state, {
    kind: "viewProof",
    installed: state.lastInstalled,
    heard: heardNow(state),
    leaderAlive: isLeaderAlive(state),
  });
  if (state.promised.record > state.disk.durable) out.send(to, proof);
  else out.sendAhead(to, proof);
}

/** Sends a VC_Proof to who is behind, not too often. */
export function tell(state: PaxosState, to: NodeId, out: PaxosOutbox): void {
  const contact = contactOf(state, to);
  if (contact.toldUntil > state.clock) return;
  contact.toldUntil = state.clock + tellTicks;
  sendProof(state, to, out);
}

/** One tick: every member tells every other, slowly, so that stragglers come back and everyone knows its links. */
export function tickProofs(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, clock, config } = state;
  if (configuration === undefined || (clock > 1 && clock % config.proofTicks !== 0)) return;
  for (const { id } of configuration.members) if (id !== config.id) sendProof(state, id, out);
  for (const { id } of configuration.learners) if (id !== config.id) sendProof(state, id, out);
}
