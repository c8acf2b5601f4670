import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type Bytes, noBytes } from "../../src/base/bytes.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { SnapshotName } from "../../src/protocols/replicated-log.ts";
import type { Snapshots } from "../../src/runtime/snapshots/snapshots.ts";

/** A place where snapshots live through crashes; `now` is the clock they see, in ms. */
export interface SnapshotPlace {
  /** The snapshots stored now. Those opened before stand for a process that was killed. */
  open(): Promise<Snapshots>;
  readonly clock: { now: number };
  /** Removes everything. */
  end(): Promise<void>;
}

/** What every implementation of `Snapshots` promises. */
export function snapshotConformance(name: string, newPlace: () => Promise<SnapshotPlace>): void {
  const places: SnapshotPlace[] = [];
  const place = async (): Promise<SnapshotPlace> => {
    const made = await newPlace();
    places.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of places.splice(0)) await made.end();
  });

  describe(`${name} as snapshots`, () => {
    test("a saved snapshot is listed and read back after a crash", async () => {
      const disk = await place();
      const saved = await (await disk.open()).save({ index: 7, term: 2 }, [toUtf8("hello "), noBytes, toUtf8("world")]);

      const again = await disk.open();

      expect(saved).toEqual({ index: 7, term: 2, bytes: 11, checksum: crc32("hello world") });
      expect(await again.list()).toEqual([saved]);
      expect(fromUtf8(await whole(again, saved))).toBe("hello world");
    });

    test("an empty state is a snapshot too", async () => {
      const disk = await place();
      const snapshots = await disk.open();

      const saved = await snapshots.save({ index: 1, term: 1 }, []);

      expect(saved).toMatchObject({ bytes: 0, checksum: 0 });
      expect(await whole(await disk.open(), saved)).toHaveLength(0);
    });

    test("an empty snapshot is received with an empty piece", async () => {
      const disk = await place();
      const snapshot = { index: 1, term: 1, bytes: 0, checksum: 0 };

      await (await disk.open()).receive(snapshot, 0, noBytes);

      expect(await (await disk.open()).list()).toEqual([snapshot]);
    });

    test("the newest is listed first", async () => {
      const snapshots = await (await place()).open();
      for (const index of [9, 100, 20]) await snapshots.save({ index, term: 1 }, [toUtf8(`${index}`)]);

      expect((await snapshots.list()).map(({ index }) => index)).toEqual([100, 20, 9]);
    });

    test("chunks may come over time", async () => {
      const snapshots = await (await place()).open();
      async function* chunks(): AsyncGenerator<Bytes> {
        yield toUtf8("a");
        await Promise.resolve();
        yield toUtf8("b");
      }

      const saved = await snapshots.save({ index: 1, term: 1 }, chunks());

      expect(fromUtf8(await whole(snapshots, saved))).toBe("ab");
    });

    test("a state that cannot be written to the end leaves nothing", async () => {
      const disk = await place();
      const snapshots = await disk.open();
      function* chunks(): Generator<Bytes> {
        yield toUtf8("a");
        throw new RangeError("no more");
      }

      await expect(snapshots.save({ index: 1, term: 1 }, chunks())).rejects.toThrow();

      expect(await (await disk.open()).list()).toEqual([]);
    });

    test("receiving goes on where it was after a crash, and ends complete", async () => {
      const disk = await place();
      const { snapshot, content } = sample(5, 100_000);
      let snapshots = await disk.open();
      await snapshots.receive(snapshot, 0, content.subarray(0, 40_000));
      await snapshots.receive(snapshot, 40_000, content.subarray(40_000, 70_000));

      snapshots = await disk.open();

      expect(await snapshots.partial()).toEqual({ snapshot, received: 70_000 });
      expect(await snapshots.list()).toEqual([]);
      await snapshots.receive(snapshot, 70_000, content.subarray(70_000));
      expect(await snapshots.partial()).toBeUndefined();
      expect(await (await disk.open()).list()).toEqual([snapshot]);
      expect(Buffer.from(await whole(await disk.open(), snapshot)).equals(content)).toBe(true);
    });

    test("a piece received twice counts once", async () => {
      const snapshots = await (await place()).open();
      const { snapshot, content } = sample(5, 1000);
      await snapshots.receive(snapshot, 0, content.subarray(0, 600));

      await snapshots.receive(snapshot, 0, content.subarray(0, 600));
      await snapshots.receive(snapshot, 300, content.subarray(300, 700));

      expect(await snapshots.partial()).toEqual({ snapshot, received: 700 });
      await snapshots.receive(snapshot, 700, content.subarray(700));
      expect(Buffer.from(await whole(snapshots, snapshot)).equals(content)).toBe(true);
    });

    test("a piece that leaves a gap is refused", async () => {
      const snapshots = await (await place()).open();
      const { snapshot, content } = sample(5, 1000);

      await expect(snapshots.receive(snapshot, 10, content.subarray(10, 20))).rejects.toThrow("follows");
      await expect(snapshots.receive(snapshot, 0, new Uint8Array(1001))).rejects.toThrow("within");
    });

    test("a piece of another snapshot starts over", async () => {
      const disk = await place();
      const snapshots = await disk.open();
      const [old, other] = [sample(5, 1000), sample(6, 500)];
      await snapshots.receive(old.snapshot, 0, old.content.subarray(0, 900));

      await snapshots.receive(other.snapshot, 0, other.content.subarray(0, 100));

      expect(await (await disk.open()).partial()).toEqual({ snapshot: other.snapshot, received: 100 });
    });

    test("received content that does not fit its checksum is dropped", async () => {
      const disk = await place();
      const snapshots = await disk.open();
      const { snapshot, content } = sample(5, 1000);
      await snapshots.receive(snapshot, 0, content.subarray(0, 500));

      const last = snapshots.receive(snapshot, 500, new Uint8Array(500));

      await expect(last).rejects.toMatchObject({ code: "QUORATE_CORRUPTION" });
      expect(await snapshots.partial()).toBeUndefined();
      expect(await (await disk.open()).list()).toEqual([]);
    });

    test("a read gives at most what was asked for, and nothing once the snapshot is gone", async () => {
      const disk = await place();
      const snapshots = await disk.open();
      const saved = await snapshots.save({ index: 3, term: 1 }, [toUtf8("0123456789")]);

      expect(fromUtf8((await snapshots.read(saved, 4, 3)) ?? noBytes)).toBe("456");
      expect(fromUtf8((await snapshots.read(saved, 8, 100)) ?? noBytes)).toBe("89");
      expect(await snapshots.read({ ...saved, index: 4 }, 0, 1)).toBeUndefined();
    });

    test("older ones are dropped, but not one read within the last minute", async () => {
      const disk = await place();
      const snapshots = await disk.open();
      const read = await snapshots.save({ index: 1, term: 1 }, [toUtf8("1")]);
      for (const index of [2, 3]) await snapshots.save({ index, term: 1 }, [toUtf8(`${index}`)]);
      await snapshots.read(read, 0, 1);

      await snapshots.dropBefore(3);
      expect((await snapshots.list()).map(({ index }) => index)).toEqual([3, 1]);
      disk.clock.now += 60_000;
      await snapshots.dropBefore(3);

      expect((await snapshots.list()).map(({ index }) => index)).toEqual([3]);
    });

    test("any way of cutting content into pieces, with crashes between, gives it back", async () => {
      const cuts = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), crash: fc.boolean() }), {
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(fc.nat(8000), cuts, async (size, plan) => {
          const disk = await newPlace();
          const { snapshot, content } = sample(5, size + 1);
          let snapshots = await disk.open();
          for (let offset = 0, step = 0; offset < content.length; step++) {
            const { bytes, crash } = plan[step] ?? { bytes: content.length, crash: false };
            await snapshots.receive(snapshot, offset, content.subarray(offset, offset + bytes));
            offset += bytes;
            if (crash) snapshots = await disk.open();
            if (offset < content.length) expect(await snapshots.partial()).toEqual({ snapshot, received: offset });
          }
          expect(Buffer.from(await whole(snapshots, snapshot)).equals(content)).toBe(true);
          await disk.end();
        }),
        { numRuns: 30 },
      );
    });
  });
}

function sample(index: number, size: number): { snapshot: SnapshotName; content: Uint8Array } {
  const content = new Uint8Array(size).map((_, at) => (at * 31 + index) % 251);
  return { snapshot: { index, term: 1, bytes: size, checksum: crc32(content) }, content };
}

/** The whole content of a snapshot. */
export async function whole(snapshots: Snapshots, snapshot: SnapshotName): Promise<Uint8Array> {
  const chunks: Bytes[] = [];
  for await (const chunk of snapshots.content(snapshot)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
