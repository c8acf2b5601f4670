import { nextBelow, type Random } from "../../base/random.ts";
import { type LogCall, logModel } from "../../checker/models/log.ts";
import { type LogAnswer, type LogCommand, type LogQuestion, type LogReply, logMachine } from "../../machines/log.ts";
import { type Asked, defineWorkload, type Memory, type Workload } from "./workload.ts";

/** `back`: so many entries before the last one that the client knows of, a read begins. */
type Call = { readonly append: string } | { readonly back: number };

type LogAsked = Asked<LogCommand, LogQuestion>;

/** Long enough that most entries are read soon, by someone: what nobody read might be any call without an answer. */
const readCount = 10;

/** Appends, and reads around the end. */
export const logWorkload: Workload = defineWorkload(
  { name: "log", machine: logMachine, draw, ask, learn },
  {
    model: logModel,
    call: (asked): LogCall => (asked.kind === "command" ? asked.command : asked.question),
    result: (result) => result,
  },
);

function draw(random: Random, nth: number): Call {
  return nextBelow(random, 2) === 0 ? { append: `v${nth}` } : { back: nextBelow(random, readCount + 2) };
}

function ask(call: Call, memory: Memory): LogAsked {
  if ("append" in call) return { kind: "command", command: { kind: "append", entry: call.append } };
  const last = (memory.get("last") as number | undefined) ?? 0;
  return { kind: "question", question: { kind: "read", from: Math.max(1, last - call.back), limit: readCount } };
}

function learn(_: LogAsked, result: LogAnswer | LogReply, memory: Memory): void {
  memory.set("last", result.kind === "appended" ? result.index : result.last);
}
