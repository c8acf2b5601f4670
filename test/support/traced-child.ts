import { writeSync } from "node:fs";
import { openDatabase } from "../../src/runtime/lmdb/database.ts";
import { lmdbLog } from "../../src/runtime/logs/lmdb.ts";
import { lmdbSnapshots } from "../../src/runtime/snapshots/lmdb.ts";
import { entry } from "./damaged-database.ts";
import { noThread } from "./lmdb-places.ts";

// Appends to a database that exists, without a thread, and says when each append is durable; for `strace` to look on.
const [directory = "", count = "0"] = process.argv.slice(2);
const database = await openDatabase({ directory, start: noThread });
const log = lmdbLog(database);
const snapshots = await lmdbSnapshots(database);
for await (const _ of log.recover());
for (let position = 1; position <= Number(count); position++) {
  const cut = position % 30 === 0 ? { dropThrough: position - 10 } : {};
  await log.append([{ ...entry(position, (position * 397) % 9000), ...cut }]);
  writeSync(1, `durable ${position}\n`);
  if (position % 10 !== 0) continue;
  await snapshots.save({ index: position, term: 1 }, [new Uint8Array(20_000).fill(position)]);
  await snapshots.dropBefore(position);
}
await database.close();
