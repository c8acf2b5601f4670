import type { LogProtocolName } from "../../src/runtime/protocols/kinds.ts";

/** What keeps the order in tests that hold for any replicated log: the project that runs them says. */
export const testedProtocol: LogProtocolName =
  process.env.QUORATE_TESTED_PROTOCOL === "multi-paxos" ? "multi-paxos" : "raft";
