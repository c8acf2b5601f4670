import type { PaxosState, PaxosVocabulary } from "../../src/protocols/multi-paxos/index.ts";
import type { RaftState, RaftVocabulary } from "../../src/protocols/raft/index.ts";
import { newPaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import type { OpenLog } from "../conformance/replicated-log.ts";

/** Raft, for what any replicated log must do. */
export const openRaft: OpenLog<RaftVocabulary, RaftState> = ({ options = {}, ...setup }) => {
  const { runBytesMax, ...rest } = options;
  return new RaftScenario({ ...setup, options: { ...rest, ...(runBytesMax && { appendBytesMax: runBytesMax }) } });
};

/** Multi-Paxos, likewise. */
export const openPaxos: OpenLog<PaxosVocabulary, PaxosState> = newPaxosScenario;
