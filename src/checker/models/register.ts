import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";
import { show, spell, type Value } from "./value.ts";

/** What can be asked of a register. There may be many, each with a name of its own (`key`). */
export type RegisterCall =
  | { readonly kind: "read"; readonly key?: string }
  | { readonly kind: "write"; readonly key?: string; readonly value: Value }
  /** Writes `to` if the value is `from`. */
  | { readonly kind: "cas"; readonly key?: string; readonly from: Value; readonly to: Value };

/** What it answers; `kept`: the value was another one than `from`. */
export type RegisterResult =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "written" }
  | { readonly kind: "swapped" }
  | { readonly kind: "kept" };

/** One value, `null` at first, with compare-and-set. */
export const registerModel: Model<Value, RegisterCall, RegisterResult> = {
  name: "register",
  initial: null,
  next: (state, call, result) => {
    switch (call.kind) {
      case "read":
        return result === undefined || (result.kind === "value" && result.value === state) ? [state] : [];
      case "write":
        return result === undefined || result.kind === "written" ? [call.value] : [];
      case "cas":
        if (result === undefined) return [call.from === state ? call.to : state];
        if (call.from === state) return result.kind === "swapped" ? [call.to] : [];
        return result.kind === "kept" ? [state] : [];
      default:
        return unreachable(call);
    }
  },
  key: spell,
  part: (call) => call.key ?? "",
  isRead: (call, result) => call.kind === "read" || result?.kind === "kept",
  describe: (call, result) => {
    const name = call.key === undefined ? "" : ` ${call.key}`;
    switch (call.kind) {
      case "read":
        return `read${name} -> ${result?.kind === "value" ? show(result.value) : "?"}`;
      case "write":
        return `write${name} ${show(call.value)}${result === undefined ? " -> ?" : ""}`;
      case "cas":
        return `cas${name} ${show(call.from)} ${show(call.to)} -> ${result?.kind ?? "?"}`;
      default:
        return unreachable(call);
    }
  },
};
