import { snapshotConformance } from "../../../test/conformance/snapshots.ts";
import { lmdbPlace } from "../../../test/support/lmdb-places.ts";
import { lmdbSnapshots } from "./lmdb.ts";

snapshotConformance("lmdb", async () => {
  const place = await lmdbPlace();
  const clock = { now: 0 };
  return { open: async () => lmdbSnapshots(await place.open(), () => clock.now), clock, end: place.end };
});
