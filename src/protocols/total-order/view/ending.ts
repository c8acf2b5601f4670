import type { TotalOrderOutput } from "../messages.ts";
import { giveWaiting } from "../order/delivery.ts";
import type { TotalOrderOutbox, TotalOrderState } from "../state.ts";

/** Takes no part any more, and says what became of the owner's messages. */
export function end(
  state: TotalOrderState,
  reason: Extract<TotalOrderOutput, { readonly kind: "excluded" | "left" }>,
  out: TotalOrderOutbox,
): void {
  giveWaiting(state, out, true);
  for (const ids of state.framed.values()) for (const id of ids) out.output({ kind: "unknown", id });
  for (const { id } of state.backlog) out.output({ kind: "refused", id, reason: "ended" });
  state.phase = "ended";
  state.framed.clear();
  state.backlog = [];
  state.backlogBytes = 0;
  state.waiting = [];
  state.waitingBytes = 0;
  state.synod.attempt = undefined;
  state.transfers.clear();
  out.output(reason);
}
