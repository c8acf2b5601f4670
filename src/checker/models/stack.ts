import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";
import { follow, type Step } from "./answer.ts";
import { show, spell, type Value } from "./value.ts";

/** What can be asked of stacks, by name. */
export type StackCall =
  | { readonly kind: "create"; readonly stack: string }
  | { readonly kind: "delete"; readonly stack: string }
  | { readonly kind: "push"; readonly stack: string; readonly value: Value }
  | { readonly kind: "pop"; readonly stack: string }
  | { readonly kind: "top"; readonly stack: string }
  | { readonly kind: "size"; readonly stack: string };

/** What they answer. `size` counts the values afterwards, where it is told; `missing`: there is no such stack. */
export type StackResult =
  | { readonly kind: "created" }
  | { readonly kind: "exists" }
  | { readonly kind: "deleted" }
  | { readonly kind: "pushed"; readonly size?: number }
  | { readonly kind: "popped"; readonly value: Value; readonly size?: number }
  | { readonly kind: "top"; readonly value: Value }
  | { readonly kind: "size"; readonly size: number }
  | { readonly kind: "empty" }
  | { readonly kind: "missing" };

/** A value and all below it. */
interface Level {
  readonly value: Value;
  readonly size: number;
  readonly below: Level | undefined;
}

/** One stack; `untold`: not known yet whether it is missing or empty. */
export type StackState = Level | "missing" | "untold";

const ground: Level = { value: null, size: 0, below: undefined };

/**
 * Stacks, each on its own. Whether one exists at first is taken from the first answer that tells: a history of stacks
 * that have to be created shows how they are, and one of stacks that are simply there need not.
 */
export const stackModel: Model<StackState, StackCall, StackResult> = {
  name: "stack",
  initial: "untold",
  next: (state, call, result) =>
    state === "untold"
      ? [...follow(step("missing", call), result), ...follow(step(ground, call), result)]
      : follow(step(state, call), result),
  key: (state, keyOf) => {
    if (typeof state === "string") return state;
    return state.below === undefined ? "" : `${keyOf(state.below)} ${spell(state.value)}`;
  },
  part: (call) => call.stack,
  isRead: (call, result) => call.kind === "top" || call.kind === "size" || (result !== undefined && isRefusal(result)),
  describe: (call, result) => {
    const value = call.kind === "push" ? ` ${show(call.value)}` : "";
    return `${call.kind} ${call.stack}${value} -> ${result === undefined ? "?" : describeResult(result)}`;
  },
};

function isRefusal({ kind }: StackResult): boolean {
  return kind === "exists" || kind === "empty" || kind === "missing";
}

function step(state: Level | "missing", call: StackCall): Step<StackState, StackResult> {
  if (call.kind === "create") {
    const isNew = state === "missing";
    return { answer: { kind: isNew ? "created" : "exists" }, after: isNew ? ground : state };
  }
  if (state === "missing") return { answer: { kind: "missing" }, after: state };
  const { value, below } = state;
  switch (call.kind) {
    case "delete":
      return { answer: { kind: "deleted" }, after: "missing" };
    case "push": {
      const size = state.size + 1;
      return { answer: { kind: "pushed", size }, after: { value: call.value, size, below: state } };
    }
    case "pop":
      if (below === undefined) return { answer: { kind: "empty" }, after: state };
      return { answer: { kind: "popped", value, size: below.size }, after: below };
    case "top":
      return { answer: below === undefined ? { kind: "empty" } : { kind: "top", value }, after: state };
    case "size":
      return { answer: { kind: "size", size: state.size }, after: state };
    default:
      return unreachable(call);
  }
}

function describeResult(result: StackResult): string {
  switch (result.kind) {
    case "popped":
    case "top":
      return show(result.value);
    case "size":
      return String(result.size);
    default:
      return result.kind;
  }
}
