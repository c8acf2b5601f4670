import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";
import { follow, type Step } from "./answer.ts";
import { show, spell, type Value } from "./value.ts";

/** What can be asked of a queue. There may be many, each with a name of its own. */
export type QueueCall =
  | { readonly kind: "enqueue"; readonly queue?: string; readonly value: Value }
  | { readonly kind: "dequeue"; readonly queue?: string };

/** What it answers. */
export type QueueResult =
  | { readonly kind: "enqueued" }
  | { readonly kind: "dequeued"; readonly value: Value }
  | { readonly kind: "empty" };

/** First in, first out; empty at first. */
export const queueModel: Model<readonly Value[], QueueCall, QueueResult> = {
  name: "queue",
  initial: [],
  next: (state, call, result) => follow(step(state, call), result),
  key: (state) => state.map(spell).join(),
  part: (call) => call.queue ?? "",
  isRead: (_, result) => result?.kind === "empty",
  describe: (call, result) => {
    const name = call.queue === undefined ? "" : ` ${call.queue}`;
    const value = call.kind === "enqueue" ? ` ${show(call.value)}` : "";
    const answer = result?.kind === "dequeued" ? show(result.value) : (result?.kind ?? "?");
    return `${call.kind}${name}${value} -> ${answer}`;
  },
};

function step(state: readonly Value[], call: QueueCall): Step<readonly Value[], QueueResult> {
  switch (call.kind) {
    case "enqueue":
      return { answer: { kind: "enqueued" }, after: [...state, call.value] };
    case "dequeue": {
      const [value, ...after] = state;
      return { answer: value === undefined ? { kind: "empty" } : { kind: "dequeued", value }, after };
    }
    default:
      return unreachable(call);
  }
}
