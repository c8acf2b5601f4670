import { unreachable } from "../../base/invariant.ts";
import { nextBelow, type Random } from "../../base/random.ts";
import type { Model } from "../../checker/model.ts";
import { type KvAnswer, type KvCommand, type KvQuestion, type KvReply, kvMachine } from "../../machines/kv.ts";
import { type Asked, defineWorkload, type Memory, type Workload } from "./workload.ts";

/** `ifSeen`: only if the key has the version that the client saw last, or none if it saw none. */
interface Call {
  readonly kind: "put" | "delete" | "get";
  readonly key: string;
  readonly value: string;
  readonly ifSeen: boolean;
}

type KvAsked = Asked<KvCommand, KvQuestion>;
type KvResult = KvAnswer | KvReply;

/** A key's value; its version is not known when the answer that told it was lost. */
interface Known {
  readonly value: string;
  readonly version: number | undefined;
}

const keyCount = 6;

/** Puts, deletes and reads of a few keys, half of the writes as compare-and-set. */
export const kvWorkload: Workload = defineWorkload({
  name: "kv",
  machine: kvMachine,
  draw,
  ask,
  learn,
  model: model(),
});

function draw(random: Random, nth: number): Call {
  const kind = (["put", "put", "put", "delete", "get", "get", "get"] as const)[nextBelow(random, 7)] ?? "get";
  const ifSeen = kind !== "get" && nextBelow(random, 2) === 0;
  return { kind, key: `k${nextBelow(random, keyCount)}`, value: kind === "put" ? `v${nth}` : "", ifSeen };
}

function ask({ kind, key, value, ifSeen }: Call, memory: Memory): KvAsked {
  const seen = ifSeen ? { ifVersion: (memory.get(key) as number | undefined) ?? 0 } : {};
  if (kind === "get") return { kind: "question", question: { kind: "get", key } };
  if (kind === "put") return { kind: "command", command: { kind: "put", key, value, ...seen } };
  return { kind: "command", command: { kind: "delete", key, ...seen } };
}

function learn(asked: KvAsked, result: KvResult, memory: Memory): void {
  const version = "version" in result ? result.version : undefined;
  memory.set(keyOf(asked), version ?? 0);
}

function keyOf(asked: KvAsked): string {
  if (asked.kind === "command") return asked.command.key;
  return asked.question.kind === "get" ? asked.question.key : "";
}

/** One key: versions are the places in the agreed order, so they rise with every put. */
function model(): Model<Known | undefined, KvAsked, KvResult> {
  return {
    name: "kv",
    initial: undefined,
    part: keyOf,
    key: (state) => (state === undefined ? "-" : `${state.version ?? "?"} ${state.value}`),
    next: (state, asked, result) =>
      asked.kind === "command" ? afterCommand(state, asked.command, result) : afterRead(state, result),
    describe: describeAsked,
  };
}

function afterRead(state: Known | undefined, result: KvResult | undefined): readonly (Known | undefined)[] {
  if (result === undefined) return [state];
  if (result.kind === "missing") return state === undefined ? [state] : [];
  if (result.kind !== "found" || state?.value !== result.value) return [];
  return isVersion(state, result.version) ? [{ value: state.value, version: result.version }] : [];
}

function afterCommand(
  state: Known | undefined,
  command: KvCommand,
  result: KvResult | undefined,
): readonly (Known | undefined)[] {
  const { ifVersion } = command;
  const mayPass = ifVersion === undefined || isVersion(state, ifVersion);
  const mayFail =
    ifVersion !== undefined && (state === undefined || state.version !== ifVersion) && !isNone(state, ifVersion);
  if (result === undefined) {
    const passed = command.kind === "put" ? { value: command.value, version: undefined } : undefined;
    return [...(mayPass ? [passed] : []), ...(mayFail ? [state] : [])];
  }
  switch (result.kind) {
    case "conflict":
      if (!mayFail || (result.version === undefined) !== (state === undefined)) return [];
      if (state === undefined) return [state];
      if (result.version === undefined || result.version === ifVersion || !isVersion(state, result.version)) return [];
      return [{ value: state.value, version: result.version }];
    case "stored": {
      const isNewer = result.version > (state?.version ?? 0);
      if (command.kind !== "put" || !mayPass || !isNewer || result.created !== (state === undefined)) return [];
      return [{ value: command.value, version: result.version }];
    }
    case "deleted":
      return command.kind === "delete" && mayPass && state !== undefined ? [undefined] : [];
    case "missing":
      return command.kind === "delete" && mayPass && state === undefined ? [undefined] : [];
    case "found":
    case "keys":
      return [];
    default:
      return unreachable(result);
  }
}

/** Whether the key may have this version now; 0: it does not exist. */
function isVersion(state: Known | undefined, version: number): boolean {
  if (state === undefined || version === 0) return state === undefined && version === 0;
  return state.version === undefined || state.version === version;
}

function isNone(state: Known | undefined, version: number): boolean {
  return state === undefined && version === 0;
}

function describeAsked(asked: KvAsked, result: KvResult | undefined): string {
  const words = asked.kind === "command" ? asked.command : asked.question;
  const guard = "ifVersion" in words && words.ifVersion !== undefined ? ` if ${words.ifVersion}` : "";
  const value = "value" in words ? ` ${words.value}` : "";
  return `${words.kind} ${keyOf(asked)}${value}${guard} -> ${result === undefined ? "?" : resultWords(result)}`;
}

function resultWords(result: KvResult): string {
  if (result.kind === "found") return `${result.value} (${result.version})`;
  return "version" in result && result.version !== undefined ? `${result.kind} ${result.version}` : result.kind;
}
