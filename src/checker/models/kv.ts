import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";

/**
 * What can be asked of a map of texts. With `ifVersion`, only if the key has this version; 0: only if there is no such
 * key. `cas` writes `to` if the value is `from`; `null` stands for no such key.
 */
export type KvCall =
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly ifVersion?: number }
  | { readonly kind: "delete"; readonly key: string; readonly ifVersion?: number }
  | { readonly kind: "cas"; readonly key: string; readonly from: string | null; readonly to: string };

/**
 * What it answers. Versions of a key are positive and only rise, also across its deletion; a map without them leaves
 * them out. `conflict`: nothing was changed, because the condition did not hold; its version is the key's own, and left
 * out if there is no such key.
 */
export type KvResult =
  | { readonly kind: "found"; readonly value: string; readonly version?: number }
  | { readonly kind: "missing" }
  | { readonly kind: "stored"; readonly version?: number; readonly created?: boolean }
  | { readonly kind: "deleted" }
  | { readonly kind: "conflict"; readonly version?: number | undefined };

/** One key. */
export interface KvState {
  /** `undefined` if there is no such key. */
  readonly value: string | undefined;
  /** `undefined` as long as no answer has told it; then it is over `above`. */
  readonly version: number | undefined;
  /** No version up to this one will be given again. */
  readonly above: number;
}

type Change = Exclude<KvCall, { readonly kind: "get" }>;

/** Keys with values, each on its own: get, put, delete and compare-and-set, by version or by value. */
export const kvModel: Model<KvState, KvCall, KvResult> = {
  name: "kv",
  initial: { value: undefined, version: undefined, above: 0 },
  next: (state, call, result) => {
    if (call.kind === "get") return read(state, result);
    if (result?.kind === "conflict") return refuse(state, call, result.version);
    const fitting = "ifVersion" in call && call.ifVersion !== undefined ? held(state, call.ifVersion) : state;
    if (fitting === undefined || (call.kind === "cas" && call.from !== (state.value ?? null))) {
      return result === undefined ? [state] : [];
    }
    return call.kind === "delete" ? remove(fitting, result) : store(fitting, written(call), result);
  },
  key: ({ value, version, above }) => `${version ?? "?"} ${above} ${value === undefined ? "" : `=${value}`}`,
  part: (call) => call.key,
  isRead: (call, result) => call.kind === "get" || result?.kind === "conflict" || result?.kind === "missing",
  describe: (call, result) => `${describeCall(call)} -> ${result === undefined ? "?" : describeResult(result)}`,
};

function read(state: KvState, result: KvResult | undefined): readonly KvState[] {
  if (result === undefined) return [state];
  if (result.kind === "missing") return state.value === undefined ? [state] : [];
  if (result.kind !== "found" || result.value !== state.value) return [];
  return narrow(state, result.version);
}

/** What is left of a state once its version is told. */
function narrow(state: KvState, version: number | undefined): readonly KvState[] {
  if (version === undefined || version === state.version) return [state];
  return state.version === undefined && version > state.above ? [{ ...state, version, above: version }] : [];
}

/** What a state must have been for `ifVersion` to hold. */
function held(state: KvState, ifVersion: number): KvState | undefined {
  if (ifVersion === 0) return state.value === undefined ? state : undefined;
  return state.value === undefined ? undefined : narrow(state, ifVersion)[0];
}

/** What is left of a state in which the condition of `call` does not hold. */
function refuse(state: KvState, call: Change, version: number | undefined): readonly KvState[] {
  const isMissing = state.value === undefined;
  if (call.kind === "cas") {
    if (call.from === (state.value ?? null)) return [];
  } else {
    const { ifVersion } = call;
    const own = isMissing ? 0 : (version ?? state.version);
    if (ifVersion === undefined || ifVersion === own) return [];
  }
  if (isMissing) return version === undefined ? [state] : [];
  return version === undefined && state.version !== undefined ? [] : narrow(state, version);
}

function store(state: KvState, value: string, result: KvResult | undefined): readonly KvState[] {
  const { above } = state;
  if (result === undefined) return [{ value, version: undefined, above }];
  if (result.kind !== "stored") return [];
  const { version, created = state.value === undefined } = result;
  if (created !== (state.value === undefined) || (version ?? above + 1) <= above) return [];
  return [{ value, version, above: version ?? above }];
}

function remove(state: KvState, result: KvResult | undefined): readonly KvState[] {
  const isThere = state.value !== undefined;
  if (result !== undefined && result.kind !== (isThere ? "deleted" : "missing")) return [];
  return [isThere ? { value: undefined, version: undefined, above: state.above } : state];
}

function written(call: Exclude<Change, { readonly kind: "delete" }>): string {
  return call.kind === "cas" ? call.to : call.value;
}

function describeCall(call: KvCall): string {
  const condition = "ifVersion" in call && call.ifVersion !== undefined ? ` if version ${call.ifVersion}` : "";
  switch (call.kind) {
    case "get":
      return `get ${call.key}`;
    case "put":
      return `put ${call.key} ${JSON.stringify(call.value)}${condition}`;
    case "delete":
      return `delete ${call.key}${condition}`;
    case "cas":
      return `cas ${call.key} ${JSON.stringify(call.from)} ${JSON.stringify(call.to)}`;
    default:
      return unreachable(call);
  }
}

function describeResult(result: KvResult): string {
  const version = "version" in result && result.version !== undefined ? ` at ${result.version}` : "";
  return result.kind === "found" ? `${JSON.stringify(result.value)}${version}` : `${result.kind}${version}`;
}
