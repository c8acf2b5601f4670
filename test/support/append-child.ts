import { openWal } from "../../src/runtime/logs/wal/wal.ts";

// Appends to the log in the given directory without end, telling each position once it is durable.
process.on("disconnect", () => process.exit());
const [directory = ""] = process.argv.slice(2);
const log = await openWal({ directory, segmentBytesMax: 256 * 1024 });
let position = 1;
for await (const { positions } of log.recover()) position = Math.max(position, (positions?.first ?? 0) + 1);
for (; ; position++) {
  const bytes = new Uint8Array((position * 37) % 5000).fill(position % 256);
  await log.append([{ group: 0, kind: 1, bytes, positions: { first: position, count: 1 } }]);
  process.send?.(position);
}
