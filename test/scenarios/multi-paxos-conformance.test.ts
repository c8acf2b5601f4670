import { catchingUpConformance } from "../conformance/catching-up.ts";
import { diskConformance } from "../conformance/disks.ts";
import { partitionConformance } from "../conformance/partitions.ts";
import { pressureConformance } from "../conformance/pressure.ts";
import { topologyConformance } from "../conformance/topologies.ts";
import { openPaxos } from "../support/logs.ts";

partitionConformance(openPaxos);
topologyConformance(openPaxos);
diskConformance(openPaxos);
pressureConformance(openPaxos, ({ history }) => history.slots.length);
catchingUpConformance(openPaxos);
