import { type DiskLogKind, openDiskLog } from "./disk-logs.ts";

// Appends to the log of a kind in a directory without end, telling each position once it is durable.
process.on("disconnect", () => process.exit());
const [kind, directory = ""] = process.argv.slice(2);
const log = await openDiskLog(kind as DiskLogKind, directory);
let position = 1;
for await (const { positions } of log.recover()) position = Math.max(position, (positions?.first ?? 0) + 1);
for (; ; position++) {
  const bytes = new Uint8Array((position * 37) % 5000).fill(position % 256);
  await log.append([{ group: 0, kind: 1, bytes, positions: { first: position, count: 1 } }]);
  process.send?.(position);
}
