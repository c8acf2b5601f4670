import { diskLogConformance } from "../../../test/conformance/disk-log.ts";
import { logConformance } from "../../../test/conformance/log.ts";
import { lmdbPlace, noThread, sourceThread } from "../../../test/support/lmdb-places.ts";
import type { DatabaseThread } from "../lmdb/database-thread.ts";
import { lmdbLog } from "./lmdb.ts";

function medium(start: () => DatabaseThread) {
  return async () => {
    const place = await lmdbPlace(start);
    return { open: async () => lmdbLog(await place.open()), end: place.end };
  };
}

logConformance("lmdb", medium(noThread), 30);
logConformance("lmdb in a thread", medium(sourceThread), 1);
diskLogConformance("lmdb");
