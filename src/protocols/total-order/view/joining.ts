import type { NodeId } from "../../../base/ids.ts";
import type { Member, Stamp, TotalOrderMessage } from "../messages.ts";
import { absenceTicksOf } from "../options.ts";
import type { TotalOrderOutbox, TotalOrderState } from "../state.ts";
import { stampOf, tellOne } from "../telling.ts";

/** Groups of others that are remembered, at most; of further ones nothing is said. */
const foreignMax = 64;

/** A node that is not in our view is answered once in a tick, and so many of them. */
function mayAnswer({ answered, config }: TotalOrderState, node: NodeId): boolean {
  if (answered.has(node) || answered.size >= 4 * config.membersMax) return false;
  answered.add(node);
  return true;
}

/** A message of another view of our group: who is behind is told how to go on, who is ahead will tell us (V10). */
export function answerOtherView(state: TotalOrderState, from: NodeId, stamp: Stamp, out: TotalOrderOutbox): void {
  const { view, lastDecree } = state;
  if (!mayAnswer(state, from)) return;
  if (stamp.view > view.number) return tellOne(state, from, false, out);
  if (stamp.view === view.number - 1 && lastDecree !== undefined) {
    return out.send(from, { kind: "install", stamp: stampOf(state), decree: lastDecree });
  }
  out.send(from, { kind: "excluded", stamp: stampOf(state), yours: stamp.view });
}

/** Somebody is of another group: two were founded. */
export function reportForeign(state: TotalOrderState, node: NodeId, group: string, out: TotalOrderOutbox): void {
  if (state.foreign.has(group) || state.foreign.size >= foreignMax) return;
  state.foreign.add(group);
  out.output({ kind: "foreignGroup", node, group });
}

/** Someone who seeks a group has found one. */
export function answerSeeker(
  state: TotalOrderState,
  from: NodeId,
  message: TotalOrderMessage,
  out: TotalOrderOutbox,
): void {
  if (message.kind === "join") return receiveJoin(state, from, message.applicant, out);
  if (mayAnswer(state, from)) tellOne(state, from, false, out);
}

/** Somebody wants to take part (V11): it is told that it was heard, and so is everyone else. */
export function receiveJoin(
  state: TotalOrderState,
  from: NodeId,
  { node, incarnation }: Member,
  out: TotalOrderOutbox,
): void {
  const { view, applicants, lastDecree, config } = state;
  const isDirect = from === node;
  const present = view.members.find((member) => member.node === node);
  if (present !== undefined && present.incarnation >= incarnation) {
    const hasMissed = present.incarnation === incarnation && isDirect && lastDecree !== undefined;
    if (hasMissed && mayAnswer(state, from)) {
      out.send(from, { kind: "install", stamp: stampOf(state), decree: lastDecree });
    }
    return;
  }
  const known = applicants.get(node);
  if (known === undefined && applicants.size >= config.membersMax) return;
  if (known !== undefined && known.incarnation > incarnation) return;
  const isNew = known === undefined || known.incarnation < incarnation;
  const applicant = isNew ? { node, incarnation, silentTicks: 0, passedTicks: config.suspectTicks } : known;
  applicant.silentTicks = 0;
  applicants.set(node, applicant);
  if (!isDirect) return;
  if (mayAnswer(state, from)) tellOne(state, from, false, out);
  if (applicant.passedTicks < config.suspectTicks / 2) return;
  applicant.passedTicks = 0;
  const message = { kind: "join", stamp: stampOf(state), applicant: { node, incarnation } } as const;
  for (const peer of state.peers) if (peer.node !== config.node && peer.node !== node) out.send(peer.node, message);
}

/** Tells seeds that are not in the view that there is a group, lest they found another; forgets who stopped asking. */
export function tickApplicants(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { applicants, config, view } = state;
  state.answered.clear();
  for (const applicant of applicants.values()) {
    applicant.passedTicks++;
    if (++applicant.silentTicks >= absenceTicksOf(config)) applicants.delete(applicant.node);
  }
  if (++state.signTicks < config.joinTicks) return;
  state.signTicks = 0;
  for (const seed of state.seeds) {
    if (view.members.every(({ node }) => node !== seed)) tellOne(state, seed, false, out);
  }
}
