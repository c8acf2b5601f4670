import { unreachable } from "../../base/invariant.ts";
import { fromUtf8 } from "../../base/text.ts";
import type {
  Ballot,
  Decree,
  Frame,
  GenesisRecord,
  Header,
  Member,
  TotalOrderMessage,
  TotalOrderOutput,
} from "../../protocols/total-order/index.ts";

/** `a1 b2*`: nodes with their incarnations; a star has no state yet. */
function memberWords(members: readonly (Member & { readonly restored?: boolean })[]): string {
  const words = members.map(
    ({ node, incarnation, restored }) => `${node}${incarnation}${restored === false ? "*" : ""}`,
  );
  return words.length === 0 ? "nobody" : words.join(" ");
}

function ballotWords({ round, node }: Ballot): string {
  return `${round}${node}`;
}

function headerWords({ clock, sent, received, leaving, restored }: Header): string {
  const marks = `${leaving ? " leaving" : ""}${restored ? "" : " without state"}`;
  return `clock ${clock}, sent ${sent}, has [${received}]${marks}`;
}

function frameWords({ number, timestamp, payloads }: Frame): string {
  return `#${number} @${timestamp} ${payloads.map(fromUtf8).join(",")}`;
}

function decreeWords({ group, base, members, cut, tail, position }: Decree): string {
  const frames = tail.reduce((sum, each) => sum + each.frames.length, 0);
  return `${group} ${base + 1}: ${memberWords(members)}, cut [${cut}], ${frames} in tail, position ${position}`;
}

/** One line for a message: group and view of its sender first. */
export function messageWords(message: TotalOrderMessage): string {
  const { group, view, incarnation } = message.stamp;
  const stamp = `${group === "" ? "seeking" : `${group}/${view}`} (${incarnation})`;
  return `${stamp} ${message.kind} ${fieldWords(message)}`.trimEnd();
}

function fieldWords(message: TotalOrderMessage): string {
  switch (message.kind) {
    case "data":
      return `${frameWords(message.frame)}, ${headerWords(message.header)}`;
    case "null":
      return `${headerWords(message.header)}${message.missing ? ", missing" : ""}`;
    case "prepare":
      return `${ballotWords(message.ballot)} has [${message.received}]`;
    case "promise": {
      const { ballot, received, accepted, extra } = message;
      const frames = extra.reduce((sum, each) => sum + each.frames.length, 0);
      const vote = accepted === undefined ? "" : `, voted in ${ballotWords(accepted.ballot)}`;
      return `${ballotWords(ballot)} has [${received}], ${frames} more${vote}`;
    }
    case "refuse":
    case "accepted":
      return ballotWords(message.ballot);
    case "accept":
      return `${ballotWords(message.ballot)} ${decreeWords(message.decree)}`;
    case "install":
      return decreeWords(message.decree);
    case "excluded":
      return `from ${message.yours}`;
    case "join":
      return memberWords([message.applicant]);
    case "state":
      return `of ${message.position}, ${message.bytes.length} bytes at ${message.offset}${message.last ? ", last" : ""}`;
    case "stateAck":
      return `${message.offset}`;
    default:
      return unreachable(message);
  }
}

/** One line for what a seed stores. */
export function recordWords({ promised, accepted }: GenesisRecord): string {
  return `stores promise ${ballotWords(promised)}${accepted === undefined ? "" : `, vote ${decreeWords(accepted.value)}`}`;
}

/** One line for an output. */
export function outputWords(output: TotalOrderOutput): string {
  switch (output.kind) {
    case "deliver": {
      const { view, position, timestamp, sender, payload } = output;
      return `delivers ${position} in view ${view}: ${fromUtf8(payload)} of ${memberWords([sender])} @${timestamp}`;
    }
    case "view":
      return `enters ${output.group}/${output.number}: ${memberWords(output.members)} at ${output.position}`;
    case "stateWanted":
      return `wants state of ${output.position} for ${memberWords([output.to])} from ${output.offset}`;
    case "state":
      return `has state of ${output.position} from ${output.offset}${output.last ? ", all of it" : ""}`;
    case "blocked":
      return `blocked without ${memberWords(output.unheard)}`;
    case "excluded":
      return `excluded from ${output.group}/${output.view}`;
    case "foreignGroup":
      return `hears ${output.node} of ${output.group}`;
    case "groupGone":
      return `cannot find ${output.group}`;
    case "refused":
      return `refused #${output.id}: ${output.reason}`;
    case "unknown":
      return `unknown #${output.id}`;
    case "unblocked":
    case "left":
    case "stateLost":
      return output.kind;
    default:
      return unreachable(output);
  }
}
