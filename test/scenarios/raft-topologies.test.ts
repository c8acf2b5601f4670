import { topologyConformance } from "../conformance/topologies.ts";
import { openRaft } from "../support/logs.ts";

topologyConformance(openRaft);
