import type { Bytes } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import { fromUtf8 } from "../../base/text.ts";
import type { Entry, LogOutput, Member, Membership, Position, Want } from "../../protocols/replicated-log.ts";

/** A place as people write it: `2@1` is index 2, term 1. */
export function placeWords({ index, term }: Position): string {
  return `${index}@${term}`;
}

/** Entries by place, payloads in quotes: `2@1 "x" 3@2`; many of one term as `4@2…9@2`. */
export function logWords(from: number, entries: readonly Entry[], changeWords: (payload: Bytes) => string): string {
  if (entries.length === 0) return "nothing";
  const words = entries.map(({ term, kind, payload }, at) => {
    const place = placeWords({ index: from + at, term });
    if (kind === "members") return `${place} (${changeWords(payload)})`;
    return kind === "payload" && payload.length > 0 ? `${place} "${fromUtf8(payload)}"` : place;
  });
  return words.length > 6 ? `${words[0]} … ${words.at(-1)}` : words.join(" ");
}

/** Voters, then who leaves and who learns: `abd was abc learning c`. */
export function membershipWords({ members, outgoing, learners }: Membership): string {
  const ids = (list: readonly Member[]) => list.map(({ id }) => id).join("");
  const was = outgoing.length > 0 ? ` was ${ids(outgoing)}` : "";
  return `${ids(members)}${was}${learners.length > 0 ? ` learning ${ids(learners)}` : ""}`;
}

/** One line for what the owner is told. */
export function logOutputWords(output: LogOutput, changeWords: (payload: Bytes) => string): string {
  switch (output.kind) {
    case "accepted":
      return `accepted #${output.id} at ${output.index}@${output.term}`;
    case "refused":
      return `refused #${output.id} ${output.reason}`;
    case "settled":
      return `settled #${output.id} ${output.outcome}`;
    case "readable":
      return `readable ${output.ids.map((id) => `#${id}`).join(" ")} from ${output.index}`;
    case "committed":
      return `committed ${logWords(output.from, output.entries, changeWords)}`;
    case "restore":
      return `restore ${placeWords(output.snapshot)}`;
    case "want":
      return `want ${output.want}: ${wantWords(output.what)}`;
    case "membership": {
      const state = output.isCommitted ? "committed" : "in force";
      return `members ${membershipWords(output.membership)} ${state} at ${output.index}`;
    }
    case "removed":
      return `removed by ${output.index}`;
    case "leader":
      return `leader ${output.leader ?? "none"} in t${output.term}`;
    default:
      return unreachable(output);
  }
}

function wantWords(what: Want): string {
  return what.kind === "entries"
    ? `entries from ${what.from}`
    : `chunk of ${placeWords(what.snapshot)} from ${what.offset}`;
}
