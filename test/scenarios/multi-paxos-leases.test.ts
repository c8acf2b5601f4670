import { newPaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";
import { leaseConformance } from "../conformance/leases.ts";

leaseConformance(({ leases, ...setup }) =>
  newPaxosScenario({ ...setup, options: { leases, progressTicks: 10, heartbeatTicks: 2 } }),
);
