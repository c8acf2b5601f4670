import { invariant } from "../../base/invariant.ts";
import { isLogProtocol, type LogProtocolName } from "./kinds.ts";
import type { LogProtocol } from "./log-protocol.ts";
import { paxosProtocol } from "./multi-paxos.ts";
import { raftProtocol } from "./raft.ts";

const protocols: Readonly<Record<LogProtocolName, LogProtocol>> = { raft: raftProtocol, "multi-paxos": paxosProtocol };

/** The protocol of this name, which must be one that keeps a replicated log. */
export function logProtocol(name: string): LogProtocol {
  invariant(isLogProtocol(name), "a protocol that stores records keeps a replicated log");
  return protocols[name];
}
