import { diskConformance } from "../conformance/disks.ts";
import { openRaft } from "../support/logs.ts";

diskConformance(openRaft);
