import { electorate, isWedged, type TotalOrderOutbox, type TotalOrderState } from "../state.ts";
import { startAttempt, tickAttempt } from "./agreement.ts";
import { hasReason, isSilent, rankOf } from "./suspicion.ts";

/** Changes the view when there is a reason to, and enough members are heard to decide it (V2, V3). */
export function tickChange(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { synod, config } = state;
  synod.backOffTicks--;
  if (!isAble(state, out) || !(isWedged(state) || hasReason(state))) {
    synod.reasonTicks = 0;
    if (synod.attempt !== undefined) tickAttempt(state, out);
    return;
  }
  synod.reasonTicks++;
  if (synod.attempt !== undefined) return tickAttempt(state, out);
  const wait = config.gatherTicks + rankOf(state) * config.attemptTicks;
  if (synod.backOffTicks <= 0 && synod.reasonTicks > wait) startAttempt(state, out);
}

/** Whether a majority is heard: a member that hears too few stops nobody. */
function isAble(state: TotalOrderState, out: TotalOrderOutbox): boolean {
  const { peers } = state;
  const unheard = peers.filter((peer) => isSilent(state, peer));
  const isAble = peers.length - unheard.length >= electorate(state).quorum;
  if (isAble === !state.isBlocked) return isAble;
  state.isBlocked = !isAble;
  if (isAble) out.output({ kind: "unblocked" });
  else out.output({ kind: "blocked", unheard: unheard.map(({ node, incarnation }) => ({ node, incarnation })) });
  return isAble;
}
