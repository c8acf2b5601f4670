import type { NodeId } from "../../base/ids.ts";
import { participantsOf } from "../../protocols/replicated-log.ts";
import type { NodeStatus, PeerStatus } from "../api.ts";
import type { LogStats } from "../logs/log.ts";
import type { Figures, Standing } from "../protocols/log-protocol.ts";
import type { LinkStats } from "../transports/transport.ts";

/** What a status is put together from. */
export interface StatusSources {
  readonly id: NodeId;
  readonly standing: Standing;
  readonly figures: Figures;
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
  const { id, standing, figures, log } = from;
  const { role, term, leader, commit, snapshot, membership } = standing;
  return {
    id,
    clusterId: from.clusterId,
    role,
    term,
    leader,
    healthy: from.hindrance === undefined,
    reason: from.hindrance ?? `${leader} leads`,
    last: figures.last,
    durable: figures.durable,
    commit,
    applied: from.applied,
    snapshot: snapshot?.index ?? 0,
    readyAt: from.readyAt,
    ...membership,
    peers: participantsOf(membership).flatMap((peer) => (peer.id === id ? [] : peerOf(from, peer.id))),
    removed: from.isRemoved,
    disk: { state: from.isDiskFull ? "full" : "ok", bytes: log.bytes, files: log.files, syncs: log.syncs },
    waiting: from.waiting,
  };
}

function peerOf({ figures, links }: StatusSources, id: NodeId): PeerStatus {
  const linkUp = links.find((link) => link.peer === id)?.up ?? false;
  return { id, linkUp, ...figures.progressOf(id) };
}
