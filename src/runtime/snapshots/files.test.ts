import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { snapshotConformance, whole } from "../../../test/conformance/snapshots.ts";
import { MemoryDisk } from "../../../test/support/disk.ts";
import { openSnapshots } from "./files.ts";

const directory = "/snapshots";

snapshotConformance("files on disk", async () => {
  const path = await mkdtemp(join(tmpdir(), "quorate-snapshots-"));
  const clock = { now: 0 };
  return {
    open: () => openSnapshots({ directory: path, now: () => clock.now }),
    clock,
    end: () => rm(path, { recursive: true }),
  };
});

snapshotConformance("files in memory", async () => {
  let files = new MemoryDisk();
  const clock = { now: 0 };
  return {
    open: async () => {
      files = files.copy();
      return openSnapshots({ directory, files, now: () => clock.now });
    },
    clock,
    end: async () => {},
  };
});

test("content larger than a slice comes back as it was", async () => {
  const snapshots = await openSnapshots({ directory, files: new MemoryDisk() });
  const chunks = [100_000, 700_000, 1, 262_144].map((size, at) => new Uint8Array(size).fill(at + 1));

  const saved = await snapshots.save({ index: 1, term: 1 }, chunks);

  expect(Buffer.concat(chunks).equals(await whole(snapshots, saved))).toBe(true);
});

test("a full disk refuses a snapshot and a piece, and the same piece is taken once there is room", async () => {
  const files = new MemoryDisk();
  const snapshots = await openSnapshots({ directory, files });
  const source = await openSnapshots({ directory, files: new MemoryDisk() });
  const content = new Uint8Array(50_000).fill(1);
  const snapshot = await source.save({ index: 1, term: 1 }, [content]);
  await snapshots.receive(snapshot, 0, content.subarray(0, 20_000));
  files.bytesMax = files.bytes + 10_000;

  await expect(snapshots.save({ index: 2, term: 1 }, [content])).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
  await expect(snapshots.receive(snapshot, 20_000, content.subarray(20_000))).rejects.toMatchObject({
    code: "QUORATE_DISK_FULL",
  });
  expect(await snapshots.partial()).toEqual({ snapshot, received: 20_000 });
  files.bytesMax = Number.POSITIVE_INFINITY;
  await snapshots.receive(snapshot, 20_000, content.subarray(20_000));

  expect(await (await openSnapshots({ directory, files })).list()).toEqual([snapshot]);
});

test("whichever byte of a snapshot changes, it is not served as whole", async () => {
  const files = new MemoryDisk();
  const snapshots = await openSnapshots({ directory, files });
  const saved = await snapshots.save({ index: 1, term: 1 }, [new Uint8Array(64).fill(5)]);
  const [path = ""] = files.contents.keys();
  const offsets = [...Array(57).keys(), ...Array.from({ length: 64 }, (_, at) => 4096 + at)];
  for (const offset of offsets) {
    const damaged = files.copy();
    const bytes = damaged.contents.get(path) ?? new Uint8Array(0);
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    const opened = await openSnapshots({ directory, files: damaged });

    const served = opened.list().then(() => whole(opened, saved));

    await expect(served, `byte ${offset}`).rejects.toMatchObject({
      code: expect.stringMatching(/^QUORATE_(CORRUPTION|WRONG_DIRECTORY)$/),
    });
  }
});

test("a snapshot cut short is found out when listed", async () => {
  const files = new MemoryDisk();
  await (await openSnapshots({ directory, files })).save({ index: 1, term: 1 }, [new Uint8Array(64)]);
  const [path = ""] = files.contents.keys();
  files.contents.set(path, (files.contents.get(path) ?? new Uint8Array(0)).slice(0, -1));

  const listed = (await openSnapshots({ directory, files })).list();

  await expect(listed).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: path, offset: 4096 + 63 });
});

test("what a crash left of saving is removed, and of a start to receive is ignored", async () => {
  const files = new MemoryDisk();
  files.contents.set(join(directory, "saving-3"), new Uint8Array(10));
  files.contents.set(join(directory, "receiving"), new Uint8Array(4096));

  const snapshots = await openSnapshots({ directory, files });

  expect(await snapshots.partial()).toBeUndefined();
  expect(await snapshots.list()).toEqual([]);
  expect(await files.list(directory)).toEqual(["receiving"]);
});

test("progress whose writing was torn falls back to the piece before", async () => {
  const files = new MemoryDisk();
  const snapshots = await openSnapshots({ directory, files });
  const snapshot = { index: 1, term: 1, bytes: 300, checksum: 1 };
  for (const offset of [0, 100]) await snapshots.receive(snapshot, offset, new Uint8Array(100));
  files.contents.get(join(directory, "receiving"))?.fill(0, 1024, 1536);

  const again = await openSnapshots({ directory, files });

  expect(await again.partial()).toEqual({ snapshot, received: 100 });
});
