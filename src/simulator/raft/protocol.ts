import { unreachable } from "../../base/invariant.ts";
import {
  decodeMessage,
  encodeMessage,
  type LogOutput,
  type Member,
  Raft,
  type RaftOptions,
  type RaftState,
  type RaftVocabulary,
} from "../../protocols/raft/index.ts";
import { membershipOf } from "../../protocols/replicated-log.ts";
import type { MemberPlan } from "../plans/plan.ts";
import type { Boot, Protocol } from "../protocol.ts";
import type { Trace } from "../trace.ts";
import { RaftStore } from "./store.ts";
import { messageWords, outputWords, recordWords } from "./words.ts";

/** Options of a member that are its owner's and not the core's. */
const ownerOptions: readonly string[] = ["snapshotEvery", "snapshotsKept"];

/** Raft as the simulator runs it. `members` found the group; who joins later knows nobody. */
export function raftProtocol(members: readonly Member[]): Protocol<RaftVocabulary, RaftState> {
  return {
    name: "raft",
    messages: { encode: encodeMessage, decode: decodeMessage },
    emptyStore: () => new RaftStore(),
    start: (boot) => start(boot, members),
    view: (state) => ({ leads: state.role === "leader", leader: state.leader }),
    speaks: ({ options }) => (options.speaks === 1 ? 1 : undefined),
    fold,
    words: { message: messageWords, record: recordWords, output: outputWords },
  };
}

function start({ plan, store, seed }: Boot<RaftVocabulary>, members: readonly Member[]): Raft {
  const options = coreOptions(plan, seed);
  const disk = store as RaftStore; // made by `emptyStore`
  const isFounder = members.some(({ id }) => id === plan.id);
  if (disk.isNew) disk.begin(membershipOf(isFounder ? members : []));
  const memory = disk.recover(options.tailBytesMax ?? 2 ** 23);
  const { incoming } = disk;
  return new Raft(options, { memory, applied: memory.snapshot?.index ?? 0, ...(incoming && { incoming }) });
}

function coreOptions({ id, options }: MemberPlan, seed: number): RaftOptions {
  const core = Object.entries(options).filter(([name]) => !ownerOptions.includes(name));
  return { ...Object.fromEntries(core), id, seed };
}

/** A number for each kind, and what tells two outputs of a kind apart. */
function fold(output: LogOutput, trace: Trace): void {
  switch (output.kind) {
    case "accepted":
      trace.number(1);
      trace.number(output.id);
      return trace.number(output.index);
    case "refused":
      trace.number(2);
      trace.number(output.id);
      return trace.number(output.reason.length);
    case "settled":
      trace.number(3);
      trace.number(output.id);
      return trace.number(output.outcome.length);
    case "readable":
      trace.number(4);
      trace.number(output.ids[0] ?? 0);
      return trace.number(output.index);
    case "committed":
      trace.number(5);
      trace.number(output.from);
      return trace.number(output.entries.length);
    case "restore":
      trace.number(6);
      return trace.number(output.snapshot.index);
    case "want":
      trace.number(7);
      return trace.number(output.want);
    case "membership":
      trace.number(9);
      trace.number(output.index);
      return trace.number(output.isCommitted ? 1 : 0);
    case "removed":
      trace.number(10);
      return trace.number(output.index);
    case "leader":
      trace.number(8);
      trace.number(output.term);
      return trace.text(output.leader ?? "");
    default:
      return unreachable(output);
  }
}
