import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { leaseConformance } from "../conformance/leases.ts";

leaseConformance(
  ({ leases, ...setup }) => new RaftScenario({ ...setup, options: { leases, electionTicks: 10, heartbeatTicks: 2 } }),
);
