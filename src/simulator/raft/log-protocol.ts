import type { RaftState, RaftVocabulary } from "../../protocols/raft/index.ts";
import type { LogProtocol } from "../replicated/group.ts";
import { raftProtocol } from "./protocol.ts";
import { RaftWatch } from "./watch.ts";

/** Raft, as groups of it are simulated. */
export const raftLog: LogProtocol<RaftVocabulary, RaftState> = {
  protocol: raftProtocol,
  newWatch: () => new RaftWatch(),
  standing: ({ term, leader, membership, removed, commit, snapshot, log }) => ({
    term,
    leader,
    membership,
    isRemoved: removed !== undefined,
    commit,
    isBlank: log.last === 0 && membership.members.length === 0,
    snapshot,
  }),
};
