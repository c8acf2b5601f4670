import {
  checkLinearizable,
  type Judgement,
  type Operation,
  type OperationEvent,
  type RegisterCall,
  type RegisterResult,
  registerModel,
  type Value,
} from "../../checker/index.ts";
import { type OperationPair, pairEvents } from "../../checker/operations/event.ts";
import { spellJson } from "../network/json.ts";

/** Most steps of the search: some ten seconds. */
const stepsMax = 20_000_000;

/** Whether each key was one register, with compare-and-set, that all clients shared. */
export function judgeRegisters(history: readonly OperationEvent[]): Judgement {
  const pairs = pairEvents(history).filter(({ completed }) => completed?.type !== "fail"); // certainly without effect
  const verdict = checkLinearizable(pairs.map(toOperation), registerModel, { stepsMax });
  const figures = { operations: pairs.length, steps: verdict.steps };
  switch (verdict.kind) {
    case "ok":
      return {
        valid: pairs.length === 0 ? "unknown" : true,
        anomalies: [],
        figures: { ...figures, keys: verdict.parts.length },
      };
    case "unknown": {
      const keys = verdict.parts.map(({ part }) => part).join(", ");
      const explanation = `the search ended at its limit of ${stepsMax} steps with these keys undecided: ${keys}`;
      return { valid: "unknown", anomalies: [{ name: "undecided", explanation, events: [] }], figures };
    }
    case "violation": {
      const events = pairs
        .filter(({ invoked }) => keyOf(invoked) === verdict.part.part)
        .map(({ index }) => index)
        .slice(0, 32);
      return { valid: false, anomalies: [{ name: "nonlinearizable", explanation: verdict.text(), events }], figures };
    }
  }
}

function toOperation({ invoked, completed }: OperationPair): Operation<RegisterCall, RegisterResult> {
  const isAnswered = completed?.type === "ok";
  return {
    client: `process ${invoked.process}`,
    call: callOf(invoked),
    calledAt: invoked.timeNs,
    result: isAnswered ? resultOf(completed) : undefined,
    returnedAt: isAnswered ? completed.timeNs : undefined,
  };
}

function callOf({ f, value }: OperationEvent): RegisterCall {
  const key = keyOf({ value });
  const argument = (value as readonly unknown[])[1];
  if (f === "read") return { kind: "read", key };
  if (f === "write") return { kind: "write", key, value: plain(argument) };
  const [from, to] = argument as readonly unknown[];
  return { kind: "cas", key, from: plain(from), to: plain(to) };
}

function resultOf({ f, value }: OperationEvent): RegisterResult {
  if (f === "read") return { kind: "value", value: plain((value as readonly unknown[])[1]) };
  return f === "write" ? { kind: "written" } : { kind: "swapped" };
}

function keyOf({ value }: Pick<OperationEvent, "value">): string {
  return spellJson((value as readonly unknown[])[0]);
}

/** What nodes answer may be anything; what a register holds is compared by its text then. */
function plain(value: unknown): Value {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value as Value;
  return spellJson(value);
}
