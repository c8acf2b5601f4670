import { unreachable } from "../../base/invariant.ts";
import type { Model } from "../model.ts";

/** What can be asked of a log. There may be many, each with a name of its own. The first entry has index 1. */
export type LogCall =
  | { readonly kind: "append"; readonly log?: string; readonly entry: string }
  /** At most `limit` entries from index `from` on. */
  | { readonly kind: "read"; readonly log?: string; readonly from: number; readonly limit: number }
  | { readonly kind: "length"; readonly log?: string };

/** What it answers. A read may give fewer entries than there are, but one if there is one. */
export type LogResult =
  | { readonly kind: "appended"; readonly index: number }
  | {
      readonly kind: "entries";
      readonly entries: readonly { readonly index: number; readonly entry: string }[];
      /** The index of the newest entry, where it is told; 0 without any. */
      readonly last?: number;
    }
  | { readonly kind: "length"; readonly length: number };

/** The newest entry and all before it. */
export interface LogState {
  readonly entry: string;
  readonly length: number;
  readonly before: LogState | undefined;
}

/** A list of texts that only grows, empty at first. */
export const logModel: Model<LogState, LogCall, LogResult> = {
  name: "log",
  initial: { entry: "", length: 0, before: undefined },
  next: (state, call, result) => {
    switch (call.kind) {
      case "append": {
        const length = state.length + 1;
        const isRight = result === undefined || (result.kind === "appended" && result.index === length);
        return isRight ? [{ entry: call.entry, length, before: state }] : [];
      }
      case "read":
        return result === undefined || (result.kind === "entries" && isPage(state, call, result)) ? [state] : [];
      case "length":
        return result === undefined || (result.kind === "length" && result.length === state.length) ? [state] : [];
      default:
        return unreachable(call);
    }
  },
  key: ({ before, entry }, keyOf) => (before === undefined ? "" : `${keyOf(before)} ${entry}`),
  part: (call) => call.log ?? "",
  isRead: (call) => call.kind !== "append",
  describe: (call, result) => {
    const name = call.log === undefined ? "" : ` ${call.log}`;
    return `${call.kind}${name}${describeWhat(call)} -> ${result === undefined ? "?" : describeResult(result)}`;
  },
};

type Read = Extract<LogCall, { readonly kind: "read" }>;
type Page = Extract<LogResult, { readonly kind: "entries" }>;

/** Whether a log answers a read so. */
function isPage(state: LogState, { from, limit }: Read, { entries, last = state.length }: Page): boolean {
  const first = Math.max(1, from);
  const available = Math.max(0, Math.min(limit, state.length - first + 1));
  if (last !== state.length || entries.length > available || (available > 0 && entries.length === 0)) return false;
  let at: LogState | undefined = state;
  for (let count = entries.length; count > 0; count--) {
    const index = first + count - 1;
    while (at !== undefined && at.length > index) at = at.before;
    const read = entries[count - 1];
    if (at === undefined || read?.index !== index || read.entry !== at.entry) return false;
  }
  return true;
}

function describeWhat(call: LogCall): string {
  switch (call.kind) {
    case "append":
      return ` ${JSON.stringify(call.entry)}`;
    case "read":
      return ` ${call.limit} from ${call.from}`;
    case "length":
      return "";
    default:
      return unreachable(call);
  }
}

function describeResult(result: LogResult): string {
  switch (result.kind) {
    case "appended":
      return String(result.index);
    case "entries": {
      const last = result.last === undefined ? "" : ` of ${result.last}`;
      return `[${result.entries.map(({ index, entry }) => `${index}: ${JSON.stringify(entry)}`).join(", ")}]${last}`;
    }
    case "length":
      return String(result.length);
    default:
      return unreachable(result);
  }
}
