import { describe, expect, test } from "vitest";
import { recovered } from "../../../../test/conformance/log.ts";
import { MemoryDisk } from "../../../../test/support/disk.ts";
import { toUtf8 } from "../../../base/text.ts";
import type { Log, LogRecord } from "../log.ts";
import { sectorBytes } from "./frame.ts";
import { openWal } from "./wal.ts";

const directory = "/wal";
const first = "/wal/00000001.wal";
const segmentBytesMax = 64 * 1024;

interface Found {
  readonly log: Log;
  readonly records: readonly LogRecord[];
  readonly notices: readonly string[];
}

async function open(files: MemoryDisk): Promise<Found> {
  const notices: string[] = [];
  const wal = { open: () => openWal({ directory, segmentBytesMax, files, notice: (text) => notices.push(text) }) };
  return { ...(await recovered({ ...wal, end: async () => {} })), notices };
}

/** A log of appends with payloads of these sizes; `before` is the disk as it was before the last one. */
async function written(...sizes: readonly number[]): Promise<{ disk: MemoryDisk; before: MemoryDisk; end: number }> {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  let before = disk.copy();
  for (const [at, size] of sizes.entries()) {
    before = disk.copy();
    await log.append([entry(at + 1, size)]);
  }
  const bytes = file(disk);
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  return { disk, before, end: Math.ceil(end / sectorBytes) * sectorBytes };
}

function entry(position: number, size: number): LogRecord {
  // Long runs of zeros, as payloads have.
  const bytes = new Uint8Array(size).map((_, at) => (at % 7 === 0 ? position : 0));
  return { group: 0, kind: 1, bytes, positions: { first: position, count: 1 } };
}

function file(disk: MemoryDisk, path: string = first): Uint8Array {
  const bytes = disk.contents.get(path);
  if (bytes === undefined) throw new Error(`${path} does not exist`);
  return bytes;
}

/** The log must take new records, and still have them, old and new, after the next crash. */
async function expectGoesOn(disk: MemoryDisk, { log, records }: Found): Promise<void> {
  const next = entry(records.length + 1, 700);
  await log.append([next]);
  const again = await open(disk.copy());
  expect(again.records).toEqual([...records, next]);
  expect(again.notices).toEqual([]);
  expect(await again.log.read(0, records.length + 1, 1)).toHaveLength(1);
}

describe("a torn tail", () => {
  test("is cut off with a word, whichever sectors of it were written, and appending goes on", async () => {
    const { disk, before } = await written(100, 900, 2200); // the last frame has five sectors
    const whole = file(disk);
    const start = file(before).findIndex((_, at) => whole[at] !== file(before)[at]) & ~(sectorBytes - 1);
    for (let mask = 1; mask < 31; mask++) {
      const torn = before.copy();
      for (let sector = 0; sector < 5; sector++) {
        const at = start + sector * sectorBytes;
        if (mask & (1 << sector)) file(torn).set(whole.subarray(at, at + sectorBytes), at);
      }

      const found = await open(torn);

      expect(found.records).toEqual([entry(1, 100), entry(2, 900)]);
      expect(found.notices).toHaveLength(1);
      expect(found.notices[0]).toContain(`byte ${start}`);
      await expectGoesOn(torn, found);
    }
  });

  test("is cut off at every length that the file can be cut to", async () => {
    const { disk, end } = await written(100, 900, 2200);
    const start = end - 5 * sectorBytes;
    for (let length = start; length <= end + sectorBytes; length += 13) {
      const cut = disk.copy();
      cut.contents.set(first, file(cut).slice(0, length));

      const found = await open(cut);

      expect(found.records).toHaveLength(length < end ? 2 : 3);
      expect(found.notices).toHaveLength(1);
      await expectGoesOn(cut, found);
    }
  });

  test("in the first frame of a new segment leaves the segment before untouched", async () => {
    const { disk } = await written(...new Array(42).fill(1500), 3000);
    const second = "/wal/00000002.wal";
    file(disk, second).fill(0, 2 * sectorBytes);

    const found = await open(disk);

    expect(found.notices).toHaveLength(1);
    expect(found.notices[0]).toContain(second);
    await expectGoesOn(disk, found);
  });

  test("with anything written after it is corruption", async () => {
    const { disk } = await written(100, 900, 100);
    file(disk).fill(0, 3 * sectorBytes, 4 * sectorBytes); // the second of the second frame

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: first });
  });

  test("with a later segment written after it is corruption", async () => {
    const { disk } = await written(...new Array(42).fill(1500), 3000);
    const bytes = file(disk);
    let end = bytes.length;
    while (bytes[end - 1] === 0) end--;
    bytes.fill(0, (end - 1) & ~(sectorBytes - 1));

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: first });
  });
});

describe("a damaged log", () => {
  test("is refused whichever single byte is flipped, naming the sector", { timeout: 30_000 }, async () => {
    const { disk, end } = await written(100, 900, 40);
    const offsets = Array.from({ length: end - sectorBytes }, (_, at) => at + sectorBytes);
    for (let at = end; at < segmentBytesMax; at += 997) offsets.push(at); // the zeros behind the tail, too
    for (const offset of offsets) {
      const damaged = disk.copy();
      const bytes = file(damaged);
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8));

      const error = await open(damaged).then(
        () => undefined,
        (cause) => cause,
      );

      expect(error, `byte ${offset}`).toMatchObject({ code: "QUORATE_CORRUPTION", file: first });
      expect(error.offset, `byte ${offset}`).toBe(offset - (offset % sectorBytes));
    }
  });

  test("is refused when its header is damaged", async () => {
    const { disk } = await written(100);
    for (let offset = 0; offset < sectorBytes; offset++) {
      const damaged = disk.copy();
      file(damaged)[offset] = (file(damaged)[offset] ?? 0) ^ 0x10;

      await expect(open(damaged)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", offset: 0 });
    }
  });

  test("is refused when a segment is missing between others", async () => {
    const { disk } = await written(...new Array(120).fill(1500));
    disk.contents.delete("/wal/00000002.wal");

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: "/wal/00000002.wal" });
  });

  test("is refused when segments changed places", async () => {
    const { disk } = await written(...new Array(120).fill(1500));
    const [one, two] = [file(disk), file(disk, "/wal/00000002.wal")];
    disk.contents.set(first, two).set("/wal/00000002.wal", one);

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: first, offset: 0 });
  });

  test("is refused with bytes of something else behind the tail", async () => {
    const { disk, end } = await written(100);
    file(disk).set(toUtf8("garbage"), end + 5 * sectorBytes);

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", offset: end + 5 * sectorBytes });
  });

  test("is refused by a release that does not know its format", async () => {
    const { disk } = await written(100);
    const bytes = Buffer.from(file(disk).buffer);
    bytes.writeUInt32LE(2, 8);
    bytes.writeUInt32LE((await import("node:zlib")).crc32(bytes.subarray(0, 24)), 24);

    await expect(open(disk)).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
  });
});

describe("a segment that was being made", () => {
  test("is removed when its name says so", async () => {
    const { disk } = await written(100);
    disk.contents.set("/wal/00000002.wal.unfinished", toUtf8("half"));

    const found = await open(disk);

    expect(found.records).toHaveLength(1);
    expect([...disk.contents.keys()]).toEqual([first]);
  });

  test("is removed when it has neither header nor frames and is the last", async () => {
    const { disk } = await written(100);
    disk.contents.set("/wal/00000002.wal", new Uint8Array(1000));

    const found = await open(disk);

    expect(found.notices[0]).toContain("00000002.wal");
    await expectGoesOn(disk, found);
  });

  test("is used after a restart when it is complete", async () => {
    const { disk } = await written(...new Array(30).fill(1500)); // over half: the next one is made
    expect(disk.contents.has("/wal/00000002.wal")).toBe(true);

    const found = await open(disk);

    for (let position = 31; position <= 60; position++) await found.log.append([entry(position, 1500)]);
    expect((await open(disk.copy())).records).toHaveLength(60);
  });
});
