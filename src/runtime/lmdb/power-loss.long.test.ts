import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { recovered } from "../../../test/conformance/log.ts";
import { entry, openUnthreaded } from "../../../test/support/damaged-database.ts";
import { canTrace, type Traced, traceWrites } from "../../../test/support/traced-writes.ts";
import { newRandom, nextBelow, type Random } from "../../base/random.ts";
import { lmdbLog } from "../logs/lmdb.ts";
import { lmdbSnapshots } from "../snapshots/lmdb.ts";

const sectorBytes = 512;
const appends = 120;
const crashesAtEach = 3;

/** A disk: what is on it for sure, and what was written since a sync, of which a power cut leaves any sectors. */
class Disk {
  readonly #random: Random;
  #durable: Buffer;
  #pending: Extract<Traced, { kind: "write" }>[] = [];

  constructor(bytes: Buffer, seed: number) {
    this.#durable = bytes;
    this.#random = newRandom(seed);
  }

  do(happened: Traced): void {
    if (happened.kind === "sync") {
      for (const write of this.#pending.splice(0)) this.#durable = written(this.#durable, write.offset, write.bytes);
    } else if (happened.kind === "write") {
      if (happened.isThrough) this.#durable = written(this.#durable, happened.offset, happened.bytes);
      else this.#pending.push(happened);
    }
  }

  /** As it would be found if the power went now. */
  crash(): Buffer {
    let left = this.#durable;
    for (const { offset, bytes } of this.#pending) {
      for (let at = 0; at < bytes.length; at += sectorBytes) {
        const sector = bytes.subarray(at, at + sectorBytes);
        if (nextBelow(this.#random, 2) === 0) left = written(left, offset + at, sector);
      }
    }
    return left;
  }
}

function written(before: Buffer, offset: number, bytes: Buffer): Buffer {
  const after = Buffer.alloc(Math.max(before.length, offset + bytes.length));
  before.copy(after);
  bytes.copy(after, offset);
  return after;
}

/** How far the log goes, all of it as it was appended, and the snapshots whole. */
async function readAll(directory: string): Promise<number> {
  const database = await openUnthreaded(directory);
  try {
    const snapshots = await lmdbSnapshots(database);
    for (const name of await snapshots.list()) for await (const _ of snapshots.content(name));
    const { records } = await recovered({ open: async () => lmdbLog(database), end: async () => {} });
    for (const { positions, bytes } of records) {
      const position = positions?.first ?? 0;
      expect(crc32(bytes)).toBe(crc32(entry(position, (position * 397) % 9000).bytes));
    }
    return records.at(-1)?.positions?.first ?? 0;
  } finally {
    await database.close();
  }
}

test.skipIf(!canTrace())(
  "whenever the power goes, all that was acknowledged is there, and nothing looks damaged",
  async () => {
    const home = await mkdtemp(join(tmpdir(), "quorate-power-"));
    onTestFinished(() => rm(home, { recursive: true }));
    const directory = join(home, "lmdb");
    await (await openUnthreaded(directory)).close();
    const disk = new Disk(await readFile(join(directory, "data.mdb")), 1);
    const trace = traceWrites("traced-child.ts", [directory, String(appends)], "lmdb/data.mdb", join(home, "trace"));
    let acknowledged = 0;
    let crashes = 0;

    for (const happened of trace) {
      disk.do(happened);
      if (happened.kind === "said") acknowledged = Number(/durable (\d+)/.exec(happened.text)?.[1]);
      for (let crash = 0; crash < crashesAtEach; crash++) {
        const left = join(home, "left");
        await mkdir(left);
        await writeFile(join(left, "data.mdb"), disk.crash());
        const reached = await readAll(left);
        await rm(left, { recursive: true });
        expect(reached).toBeGreaterThanOrEqual(acknowledged);
        expect(reached).toBeLessThanOrEqual(acknowledged + 1);
        crashes++;
      }
    }

    expect(acknowledged).toBe(appends);
    expect(crashes).toBeGreaterThan(4 * appends);
  },
);
