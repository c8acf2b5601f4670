import {
  decodeMessage,
  encodeMessage,
  type Member,
  Raft,
  type RaftOptions,
  type RaftState,
  type RaftVocabulary,
} from "../../protocols/raft/index.ts";
import { membershipOf } from "../../protocols/replicated-log.ts";
import type { Boot, Protocol } from "../protocol.ts";
import { coreOptions, foldOutput } from "../replicated/hosting.ts";
import { beginRaftStore, newRaftStore, type RaftStore, recoverRaft } from "./store.ts";
import { messageWords, outputWords, recordWords } from "./words.ts";

/** Raft as the simulator runs it. `members` found the group; who joins later knows nobody. */
export function raftProtocol(members: readonly Member[]): Protocol<RaftVocabulary, RaftState> {
  return {
    name: "raft",
    messages: { encode: encodeMessage, decode: decodeMessage },
    emptyStore: newRaftStore,
    start: (boot) => start(boot, members),
    view: (state) => ({ leads: state.role === "leader", leader: state.leader }),
    speaks: ({ options }) => (options.speaks === 1 ? 1 : undefined),
    fold: foldOutput,
    words: { message: messageWords, record: recordWords, output: outputWords },
  };
}

function start({ plan, store, seed }: Boot<RaftVocabulary>, members: readonly Member[]): Raft {
  const options: RaftOptions = coreOptions(plan, seed);
  const disk = store as RaftStore; // made by `emptyStore`
  const isFounder = members.some(({ id }) => id === plan.id);
  if (disk.isNew) beginRaftStore(disk, membershipOf(isFounder ? members : []));
  const memory = recoverRaft(disk, options.tailBytesMax ?? 2 ** 23);
  const { incoming } = disk;
  return new Raft(options, { memory, applied: memory.snapshot?.index ?? 0, ...(incoming && { incoming }) });
}
