import { describe, expect, test } from "vitest";
import { logConformance, recovered } from "../../../../test/conformance/log.ts";
import { MemoryDisk } from "../../../../test/support/disk.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import type { Log, LogRecord } from "../log.ts";
import { openWal, type WalOptions } from "./wal.ts";

const segmentBytesMax = 64 * 1024;

logConformance("wal in small segments", async () => {
  let files = new MemoryDisk();
  return {
    open: async () => {
      files = files.copy(); // a process that was killed writes no more
      return openWal({ directory: "/wal", segmentBytesMax, files });
    },
    end: async () => {},
  };
});

async function open(files: MemoryDisk, options?: Partial<WalOptions>): Promise<{ log: Log; records: LogRecord[] }> {
  const wal = () => openWal({ directory: "/wal", segmentBytesMax, files, ...options });
  return recovered({ open: wal, end: async () => {} });
}

function entry(position: number, size = 1000): LogRecord {
  return { group: 0, kind: 1, bytes: new Uint8Array(size).fill(position), positions: { first: position, count: 1 } };
}

function vote(text: string): LogRecord {
  return { group: 0, kind: 0, bytes: toUtf8(text), latest: true };
}

describe("segments", () => {
  test("grow from one to the next up to the limit", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk, { segmentBytesMax: 2 * 1024 * 1024 });

    for (let position = 1; position <= 1200; position++) await log.append([entry(position, 4000)]);

    const sizes = [...disk.contents.values()].map(({ length }) => length / 1024);
    expect(sizes.slice(0, 4)).toEqual([256, 1024, 2048, 2048]);
  });

  test("repeat the latest records at their head, in the order of their last writing", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([vote("old"), { ...vote("base"), kind: 9 }, vote("new")]);
    for (let position = 1; position <= 100; position++) await log.append([entry(position)]);

    await log.append([{ group: 0, kind: 3, bytes: toUtf8("c"), dropThrough: 100 }]);
    await log.append([entry(101)]);
    await log.close();

    const { records } = await open(disk);
    expect(disk.contents.has("/wal/00000001.wal")).toBe(false);
    expect(records.filter(({ latest }) => latest).map(({ bytes }) => fromUtf8(bytes))).toEqual(["base", "new"]);
  });

  test("are removed once all their positions are dropped, in every group, and not before", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([{ ...entry(1), group: 5 }]);
    for (let position = 1; position <= 200; position++) await log.append([entry(position)]);
    const all = log.stats().files;

    await log.append([{ ...vote("c"), kind: 3, dropThrough: 200 }]);
    await log.append([entry(201)]);
    expect(log.stats().files).toBe(all);
    await log.append([{ ...vote("c"), group: 5, kind: 3, dropThrough: 1 }]);
    await log.close();

    expect(log.stats().files).toBeLessThanOrEqual(2);
    expect((await open(disk)).records.at(-1)).toMatchObject({ group: 5, dropThrough: 1 });
  });

  test("take a frame that is larger than they are", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([entry(1)]);

    await log.append([entry(2, 300_000)]);
    await log.append([entry(3)]);

    const again = await open(disk.copy());
    expect(again.records.map(({ bytes }) => bytes.length)).toEqual([1000, 300_000, 1000]);
    expect(await again.log.read(0, 1, 1e6)).toHaveLength(3);
  });
});

describe("limits", () => {
  test("an append over its limit is refused, and nothing of it is stored", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    const bytes = new Uint8Array(33 * 1024 * 1024);

    const much = log.append([entry(1), { group: 0, kind: 1, bytes }, { group: 0, kind: 1, bytes }]);

    await expect(much).rejects.toMatchObject({ code: "QUORATE_TOO_LARGE" });
    await log.append([entry(1)]);
    expect((await open(disk)).records).toEqual([entry(1)]);
  });

  test("a segment size out of bounds is refused", async () => {
    await expect(openWal({ directory: "/wal", segmentBytesMax: 1000 })).rejects.toMatchObject({
      code: "QUORATE_OPTION",
      option: "segmentBytesMax",
    });
  });
});

describe("a full disk", () => {
  test("refuses appends without losing anything, and takes the same ones once there is room", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    disk.bytesMax = 150 * 1024;
    const refused: number[] = [];
    for (let position = 1; position <= 300; position++) {
      try {
        await log.append([entry(position)]);
      } catch (error) {
        expect(error).toMatchObject({ code: "QUORATE_DISK_FULL" });
        refused.push(position);
        disk.bytesMax += 10 * 1024;
        position--;
      }
    }

    expect(refused.length).toBeGreaterThan(10);
    const { records } = await open(disk);
    expect(records).toEqual(Array.from({ length: 300 }, (_, at) => entry(at + 1)));
  });

  test("in the middle of a frame leaves nothing of the frame behind", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([entry(1)]);
    disk.bytesMax = disk.bytes + 100_000;

    await expect(log.append([entry(2, 200_000)])).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
    expect((await open(disk.copy())).records).toEqual([entry(1)]);
    await log.append([entry(2, 10)]);

    expect((await open(disk.copy())).records).toEqual([entry(1), entry(2, 10)]);
  });

  test("while the next segment is made ahead does not disturb the appends that still fit", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    disk.bytesMax = disk.bytes;

    for (let position = 1; position <= 40; position++) await log.append([entry(position)]);

    expect((await open(disk)).records).toHaveLength(40);
  });
});

describe("a failing disk", () => {
  test("makes the log unusable, since nobody knows what is durable", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([entry(1)]);
    disk.writeError = "EIO";

    await expect(log.append([entry(2, 3000)])).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
    disk.writeError = undefined;

    await expect(log.append([entry(2)])).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
    await expect(log.read(0, 1, 1)).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
    expect((await open(disk)).records).toEqual([entry(1)]);
  });

  test("that changed stored bytes is found out when they are read", async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await log.append([entry(1)]);
    disk.contents.get("/wal/00000001.wal")?.fill(9, 600, 601);

    await expect(log.read(0, 1, 1)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", offset: 512 });
  });
});
