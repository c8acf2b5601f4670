import {
  decodeMessage,
  encodeMessage,
  type Member,
  MultiPaxos,
  type PaxosOptions,
  type PaxosState,
  type PaxosVocabulary,
} from "../../protocols/multi-paxos/index.ts";
import type { Boot } from "../protocol.ts";
import type { LogProtocol } from "../replicated/group.ts";
import { coreOptions, foldOutput } from "../replicated/hosting.ts";
import { beginPaxosStore, newPaxosStore, type PaxosStore, recoverPaxos } from "./store.ts";
import { PaxosWatch } from "./watch.ts";
import { messageWords, outputWords, recordWords } from "./words.ts";

/** Multi-Paxos, as groups of it are simulated. */
export const paxosLog: LogProtocol<PaxosVocabulary, PaxosState> = {
  protocol: (members) => ({
    name: "multi-paxos",
    messages: { encode: encodeMessage, decode: decodeMessage },
    emptyStore: newPaxosStore,
    start: (boot) => start(boot, members),
    view: (state) => ({ leads: state.role === "leader", leader: state.leader }),
    fold: foldOutput,
    words: { message: messageWords, record: recordWords, output: outputWords },
  }),
  newWatch: () => new PaxosWatch(),
  standing: ({ lastInstalled, leader, membership, removed, history, snapshot }) => ({
    term: lastInstalled,
    leader,
    membership,
    isRemoved: removed !== undefined,
    commit: history.aru,
    isBlank: history.aru === 0 && membership.members.length === 0,
    snapshot,
  }),
};

function start({ plan, store, seed }: Boot<PaxosVocabulary>, members: readonly Member[]): MultiPaxos {
  const options: PaxosOptions = coreOptions(plan, seed);
  const disk = store as PaxosStore; // made by `emptyStore`
  const isFounder = members.some(({ id }) => id === plan.id);
  if (disk.isNew) beginPaxosStore(disk, isFounder ? members : [], options.alpha ?? 1024);
  const memory = recoverPaxos(disk, options.tailBytesMax ?? 2 ** 23);
  const { incoming } = disk;
  return new MultiPaxos(options, { memory, applied: memory.snapshot?.index ?? 0, ...(incoming && { incoming }) });
}
