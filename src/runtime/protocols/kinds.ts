import { votersMax } from "../../protocols/multi-paxos/index.ts";

/** A protocol that keeps a replicated log, as users write it and data directories hold it. */
export type LogProtocolName = "raft" | "multi-paxos";

const votersMaxima: Readonly<Record<LogProtocolName, number>> = {
  raft: Number.POSITIVE_INFINITY,
  "multi-paxos": votersMax,
};

/** Whether a protocol keeps a replicated log. */
export function isLogProtocol(name: string): name is LogProtocolName {
  return Object.hasOwn(votersMaxima, name);
}

/** The most voters that a protocol takes, so far as it has a limit. */
export function votersMaxOf(name: string): number {
  return isLogProtocol(name) ? votersMaxima[name] : Number.POSITIVE_INFINITY;
}
