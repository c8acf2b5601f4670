import { isListed } from "../../replicated-log.ts";
import { isLoyal, releaseEpoch } from "../clients/lease.ts";
import { abandonUpdates } from "../clients/updates.ts";
import { isQuorumFor, type PaxosOutbox, type PaxosState, votes } from "../state.ts";
import { install, stepDown } from "../view/install.ts";
import { shiftToPrepare } from "../view/prepare.ts";
import { configurationAt, isNamed, membershipAt, viewOf } from "./configurations.ts";

/**
 * The next sequence number is another epoch's: its members decide from now on, in views of their own (M5, M6).
 *
 * That the old epoch is over is stored before anything of the new one is: or a restart of all could leave members
 * bound to an epoch that nobody can reconstruct (D4).
 */
export function enterEpoch(state: PaxosState, out: PaxosOutbox): void {
  const { facts, history, config, disk } = state;
  const configuration = configurationAt(facts.configurations, history.aru + 1);
  if (configuration === undefined || configuration.epoch === state.configuration?.epoch) return;
  if (disk.hinted < history.aru) {
    disk.asked = out.persist({ kind: "ordered", through: history.aru });
    disk.hinted = history.aru;
  }
  stepDown(state, out);
  releaseEpoch(state);
  state.configuration = configuration;
  state.viewChanges.clear();
  const first = viewOf(configuration.epoch, 0);
  const isFirst = configuration.members[0]?.id === config.id;
  if (isNamed(configuration, config.id)) state.removed = undefined;
  const mayPrepare = votes(state) && state.resigned === undefined && !isLoyal(state, undefined);
  if (mayPrepare && isFirst && state.lastInstalled < first) return shiftToPrepare(state, first, undefined, out);
  install(state, Math.max(first, state.lastInstalled), out);
}

/** Tells the owner who takes part, when that has changed or is in force. */
export function reportMembership(state: PaxosState, out: PaxosOutbox): void {
  const { facts, configuration, due } = state;
  const newest = facts.configurations.at(-1);
  const isCommitted = newest?.epoch === configuration?.epoch && isHandedOn(state);
  if (newest?.epoch === due.reported.epoch && isCommitted === due.reported.isCommitted) return;
  const membership = membershipAt(facts.configurations, configuration);
  state.membership = membership;
  due.reported.epoch = newest?.epoch;
  due.reported.isCommitted = isCommitted;
  for (const { members, learners } of facts.configurations) {
    if (isListed(members, state.config.id) || isListed(learners, state.config.id)) state.tookPart = true;
  }
  out.output({ kind: "membership", index: newest?.decided ?? 0, membership, isCommitted });
}

/**
 * Whether this member may go: it takes part, or a quorum of those who do have all that came before them (M8).
 *
 * Who asked for the change stops the old members when it is told that this is over.
 */
function isHandedOn(state: PaxosState): boolean {
  const { configuration, config, contacts } = state;
  if (configuration === undefined || isNamed(configuration, config.id)) return true;
  return isQuorumFor(state, (id) => (contacts.get(id)?.aru ?? 0) >= configuration.start - 1);
}

/** A member of the present epoch says that it stands, and it does not name us: we take part no more (M7). */
export function concludeRemoved(state: PaxosState, from: string, epoch: number, out: PaxosOutbox): void {
  const { configuration, facts, config, tookPart } = state;
  if (!tookPart || state.removed !== undefined || configuration === undefined || epoch !== configuration.epoch) return;
  if (!isListed(configuration.members, from)) return;
  if (facts.configurations.some((each) => each.epoch >= epoch && isNamed(each, config.id))) return;
  if (!isHandedOn(state)) return;
  state.removed = configuration.start - 1;
  abandonUpdates(state, out);
  out.output({ kind: "removed", index: state.removed });
}
