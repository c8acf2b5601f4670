import type { NodeId } from "../../../base/ids.ts";
import type { Stamp } from "../messages.ts";
import { absenceTicksOf } from "../options.ts";
import { electorate, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { stampOf } from "../telling.ts";
import { startAttempt, tickAttempt } from "./agreement.ts";

/** Somebody else seeks, too. */
export function hearSeeker({ seeking, config }: TotalOrderState, node: NodeId, { incarnation }: Stamp): void {
  const { seekers } = seeking;
  const known = seekers.get(node);
  if (known === undefined && seekers.size >= 2 * config.membersMax) return;
  if (known === undefined || known.incarnation <= incarnation) seekers.set(node, { incarnation, silentTicks: 0 });
}

/** A member of a group speaks: apply to it, too. */
export function hearMember(state: TotalOrderState, node: NodeId, out: TotalOrderOutbox): void {
  const { seeking, config, seeds } = state;
  const { contacts } = seeking;
  seeking.quietTicks = 0;
  const known = contacts.get(node);
  if (known !== undefined) known.silentTicks = 0;
  else if (contacts.size < 2 * config.membersMax) {
    contacts.set(node, { silentTicks: 0 });
    if (!seeds.includes(node)) apply(state, node, out);
  }
}

function apply(state: TotalOrderState, to: NodeId, out: TotalOrderOutbox): void {
  const { node, incarnation } = state.config;
  if (to !== node) out.send(to, { kind: "join", stamp: stampOf(state), applicant: { node, incarnation } });
}

/** Applies to all that may be members (V11), and founds a group if there is none (V14). */
export function tickSeeking(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { seeking, config, seeds } = state;
  const { seekers, contacts } = seeking;
  seeking.quietTicks++;
  const absence = absenceTicksOf(config);
  for (const [node, seeker] of seekers) if (++seeker.silentTicks >= absence) seekers.delete(node);
  for (const [node, contact] of contacts) if (++contact.silentTicks >= absence) contacts.delete(node);
  if (--seeking.joinTicks <= 0) {
    seeking.joinTicks = config.joinTicks;
    for (const node of new Set([...seeds, ...contacts.keys()])) apply(state, node, out);
  }
  tickFounding(state, out);
}

function tickFounding(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { seeking, config, synod, seeds } = state;
  const { quietTicks, gone, seekers } = seeking;
  const patience = 2 * config.genesisTicks;
  if (gone !== undefined && quietTicks === patience) out.output({ kind: "groupGone", group: gone });
  synod.backOffTicks--;
  tickAttempt(state, out);
  const present = seeds.filter((node) => node === config.node || seekers.has(node)).sort();
  const rank = present.indexOf(config.node);
  const mayFound = gone === undefined && quietTicks >= patience && present.length >= electorate(state).quorum;
  if (state.phase !== "seeking" || !mayFound || rank === -1) {
    synod.reasonTicks = 0;
    return;
  }
  synod.reasonTicks++;
  const wait = config.gatherTicks + rank * config.attemptTicks;
  if (synod.attempt === undefined && synod.backOffTicks <= 0 && synod.reasonTicks > wait) startAttempt(state, out);
}
