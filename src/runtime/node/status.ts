import type { RaftState } from "../../protocols/raft/index.ts";
import { participantsOf } from "../../protocols/replicated-log.ts";
import type { NodeStatus, PeerStatus, Role } from "../api.ts";
import type { LogStats } from "../logs/log.ts";
import type { LinkStats } from "../transports/transport.ts";

/** A campaign's two stages look the same from outside. */
export function roleOf(state: Readonly<RaftState>): Role {
  return state.role === "preCandidate" ? "candidate" : state.role;
}

/** What a status is put together from. */
export interface StatusSources {
  readonly state: Readonly<RaftState>;
  readonly clusterId: string;
  readonly links: readonly LinkStats[];
  readonly log: LogStats;
  readonly isDiskFull: boolean;
  readonly isRemoved: boolean;
  readonly applied: number;
  readonly readyAt: number | undefined;
  readonly waiting: number;
  readonly hindrance: string | undefined;
}

/** A copy of what a node knows at this moment. */
export function statusOf(from: StatusSources): NodeStatus {
  const { state, log } = from;
  return {
    id: state.config.id,
    clusterId: from.clusterId,
    role: roleOf(state),
    term: state.term,
    leader: state.leader,
    healthy: from.hindrance === undefined,
    reason: from.hindrance ?? `${state.leader} leads`,
    last: state.log.last,
    durable: state.log.durable,
    commit: state.commit,
    applied: from.applied,
    snapshot: state.snapshot?.index ?? 0,
    readyAt: from.readyAt,
    members: state.membership.members,
    outgoing: state.membership.outgoing,
    learners: state.membership.learners,
    peers: participantsOf(state.membership).flatMap(({ id }) => (id === state.config.id ? [] : peerOf(from, id))),
    removed: from.isRemoved,
    disk: { state: from.isDiskFull ? "full" : "ok", bytes: log.bytes, files: log.files, syncs: log.syncs },
    waiting: from.waiting,
  };
}

function peerOf({ state, links }: StatusSources, id: string): PeerStatus {
  const linkUp = links.find((link) => link.peer === id)?.up ?? false;
  const progress = state.leadership?.peers.get(id);
  if (progress === undefined) return { id, linkUp };
  const { mode, match, next, inflightBytes } = progress;
  return { id, linkUp, mode, match, next, bytesInFlight: inflightBytes };
}
