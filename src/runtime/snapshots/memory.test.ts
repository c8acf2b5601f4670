import { snapshotConformance } from "../../../test/conformance/snapshots.ts";
import { memorySnapshots, newSnapshotMedium } from "./memory.ts";

snapshotConformance("memory", async () => {
  const medium = newSnapshotMedium();
  const clock = { now: 0 };
  return { open: async () => memorySnapshots(medium, () => clock.now), clock, end: async () => {} };
});
