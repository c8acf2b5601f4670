import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";
import { follow, type Step } from "./answer.ts";
import { show, spell, type Value } from "./value.ts";

/** What can be asked of a set. There may be many, each with a name of its own. */
export type SetCall =
  | { readonly kind: "add"; readonly set?: string; readonly value: Value }
  | { readonly kind: "remove"; readonly set?: string; readonly value: Value }
  | { readonly kind: "has"; readonly set?: string; readonly value: Value }
  | { readonly kind: "read"; readonly set?: string };

/** What it answers. `changed`, where it is told: whether the set was without (or with) the value before. */
export type SetResult =
  | { readonly kind: "added"; readonly changed?: boolean }
  | { readonly kind: "removed"; readonly changed?: boolean }
  | { readonly kind: "present" }
  | { readonly kind: "absent" }
  /** In any order. */
  | { readonly kind: "values"; readonly values: readonly Value[] };

/** A set of values, empty at first. */
export const setModel: Model<ReadonlySet<Value>, SetCall, SetResult> = {
  name: "set",
  initial: new Set(),
  next: (state, call, result) => {
    if (call.kind !== "read") return follow(step(state, call), result);
    return result === undefined || (result.kind === "values" && holdsJust(state, result.values)) ? [state] : [];
  },
  key: (state) => Array.from(state, spell).sort().join(),
  part: (call) => call.set ?? "",
  isRead: (call, result) =>
    call.kind === "has" || call.kind === "read" || (result !== undefined && "changed" in result && !result.changed),
  describe: (call, result) => {
    const name = call.set === undefined ? "" : ` ${call.set}`;
    const value = call.kind === "read" ? "" : ` ${show(call.value)}`;
    return `${call.kind}${name}${value} -> ${result === undefined ? "?" : describeResult(result)}`;
  },
};

function step(
  state: ReadonlySet<Value>,
  call: Exclude<SetCall, { readonly kind: "read" }>,
): Step<ReadonlySet<Value>, SetResult> {
  const isThere = state.has(call.value);
  switch (call.kind) {
    case "add":
      return {
        answer: { kind: "added", changed: !isThere },
        after: isThere ? state : new Set([...state, call.value]),
      };
    case "remove":
      return {
        answer: { kind: "removed", changed: isThere },
        after: isThere ? new Set([...state].filter((value) => value !== call.value)) : state,
      };
    case "has":
      return { answer: { kind: isThere ? "present" : "absent" }, after: state };
    default:
      return unreachable(call);
  }
}

function holdsJust(state: ReadonlySet<Value>, values: readonly Value[]): boolean {
  return (
    new Set(values).size === values.length && values.length === state.size && values.every((value) => state.has(value))
  );
}

function describeResult(result: SetResult): string {
  if (result.kind === "values") return `{${result.values.map(show).join(", ")}}`;
  return "changed" in result && result.changed === false ? `${result.kind}, was so before` : result.kind;
}
