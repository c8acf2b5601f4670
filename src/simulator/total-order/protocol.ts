import {
  decodeGenesis,
  decodeMessage,
  encodeGenesis,
  encodeMessage,
  TotalOrder,
  type TotalOrderOptions,
  type TotalOrderOutput,
  type TotalOrderState,
  type TotalOrderVocabulary,
} from "../../protocols/total-order/index.ts";
import { RecordStore } from "../own/record-store.ts";
import type { MemberPlan } from "../plans/plan.ts";
import type { Protocol } from "../protocol.ts";
import type { Trace } from "../trace.ts";
import { messageWords, outputWords, recordWords } from "./words.ts";

/** Options of a member that are not its core's. */
const otherOptions: readonly string[] = ["isAgreed", "isDurable", "isSeed", "startMs", "consumeMs"];

/** Total order as the simulator runs it. `seeds` found the group; each start is a new incarnation. */
export function totalOrderProtocol(seeds: readonly string[]): Protocol<TotalOrderVocabulary, TotalOrderState> {
  let starts = 0;
  return {
    name: "total-order",
    messages: { encode: encodeMessage, decode: decodeMessage },
    emptyStore: () => new RecordStore<TotalOrderVocabulary>({ encode: encodeGenesis, decode: decodeGenesis }),
    start: ({ plan, store, seed }) => {
      const stored = (store as RecordStore<TotalOrderVocabulary>).records(); // made by `emptyStore`
      const options = { ...coreOptions(plan), node: plan.id, incarnation: ++starts, seeds, seed };
      return new TotalOrder(options, plan.options.isDurable === false ? undefined : stored.at(-1));
    },
    fold,
    words: { message: messageWords, record: recordWords, output: outputWords },
  };
}

function coreOptions({ options }: MemberPlan): Partial<TotalOrderOptions> {
  const core = Object.entries(options).filter(([name]) => !otherOptions.includes(name));
  return { ...Object.fromEntries(core), delivery: options.isAgreed === true ? "agreed" : "uniform" };
}

/** What tells two outputs apart; messages are folded in as they are sent. */
function fold(output: TotalOrderOutput, trace: Trace): void {
  trace.number(output.kind.length);
  if ("position" in output) trace.number(output.position);
  if ("id" in output) trace.number(output.id ?? 0);
  if (output.kind === "view") trace.number(output.number);
}
