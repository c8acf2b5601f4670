import { nextBelow } from "../../../base/random.ts";
import { forgetQueued } from "../clients/executed.ts";
import { abandonBarriers, refuseReads } from "../clients/reads.ts";
import { attemptOf, leaderOf, nextViewOf } from "../membership/configurations.ts";
import { heirOf, rememberHandover } from "../membership/transfer.ts";
import { drawPatience, type PaxosOutbox, type PaxosState, sendAhead, startProgress, votes } from "../state.ts";
import { heardNow } from "./liveness.ts";

/** How far the Progress_Timer is stretched at the most. */
const patienceMax = 8;

/** A view failed: the next is given more time (V12). */
export function stretchPatience(state: PaxosState): void {
  state.patience = Math.min(patienceMax, 2 * state.patience);
}

/** Gives up leading: reads that wait are refused; what was queued stays with who asked (C7). */
export function stepDown(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, ownChange } = state;
  state.prepareOks = new Map();
  if (leadership === undefined) return;
  refuseReads(state, leadership, out);
  rememberHandover(state, leadership, out);
  forgetQueued(state.facts.clients);
  if (ownChange?.seq === 0) {
    state.ownChange = undefined;
    out.output({ kind: "settled", id: ownChange.id, outcome: "lost" });
  }
  state.leadership = undefined;
}

/** Nobody is known to lead any more. */
export function forgetLeader(state: PaxosState, out: PaxosOutbox): void {
  if (state.leader !== undefined && state.leader !== state.config.id) abandonBarriers(state, out);
  state.leader = undefined;
}

/** Shift_to_Reg_Non_Leader: `view` is installed here, and its leader has time to make progress (V5). */
export function install(state: PaxosState, view: number, out: PaxosOutbox): void {
  stepDown(state, out);
  if (view !== state.lastInstalled) {
    state.installedAt = state.clock;
    state.leaderHeardAt = undefined;
    forgetLeader(state, out);
  } else if (state.leader === state.config.id) state.leader = undefined;
  state.lastInstalled = view;
  state.lastAttempted = view;
  state.viewChanges.clear();
  state.role = votes(state) ? "follower" : "passive";
  startProgress(state);
}

/** The leader of the installed view spoke to us: it lives, and leads; if it has for long, the view has not failed. */
export function hearLeader(state: PaxosState, from: string): void {
  state.leaderHeardAt = state.clock;
  if (state.clock - state.installedAt >= state.config.progressTicks) state.patience = 1;
  state.leader = from;
  startProgress(state);
}

/** The Progress_Timer has expired, or its leader resigned: members attempt views one after the other (V1). */
export function expire(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, config, random } = state;
  if (configuration === undefined) return;
  stepDown(state, out);
  forgetLeader(state, out);
  state.role = "election";
  state.lastAttempted = state.lastInstalled;
  state.viewChanges.clear();
  state.progressAt = undefined;
  const { members } = configuration;
  const place = members.findIndex(({ id }) => id === config.id);
  const distance = (place - (attemptOf(state.lastInstalled) % members.length) + members.length) % members.length;
  const rank = distance === 0 ? members.length - 1 : distance - 1;
  const jitter = members.length === 1 ? 0 : nextBelow(random, config.staggerTicks);
  state.attemptAt = state.clock + rank * config.staggerTicks + jitter;
}

/**
 * A leader, or who prepares, gives up its view (V11): for good, though it may accept in it as any voter.
 *
 * With `isTold` it names who should be next: its word is its resignation (V7). With leases only an heir may prepare at
 * once; and only a leader appoints one, for while it led no lease but its own held (B5).
 */
export function resign(state: PaxosState, isTold: boolean, out: PaxosOutbox): void {
  const { configuration, config } = state;
  if (configuration === undefined) return;
  const heir = isTold ? heirOf(state, undefined) : undefined;
  const { lastInstalled: view, leadership } = state;
  stretchPatience(state);
  expire(state, out);
  state.attemptAt = state.clock + drawPatience(state);
  if (heir === undefined) return;
  if (config.leases) {
    if (leadership !== undefined) sendAhead(state, heir, { kind: "transfer", view }, out);
    return;
  }
  const attempted = nextViewOf(configuration, view, heir);
  for (const { id } of configuration.members) {
    if (id !== config.id) sendAhead(state, id, { kind: "viewChange", attempted, heard: heardNow(state) }, out);
  }
}

/** Whether the installed view is this member's own. */
export function isOwnView({ configuration, lastInstalled, config }: PaxosState): boolean {
  return configuration !== undefined && leaderOf(configuration, lastInstalled) === config.id;
}
