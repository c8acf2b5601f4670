/**
 * How fast is each storage, and how long does an append take?
 *
 * Appends of one record each, so many waiting at a time; those that wait while a write is under way share the next one,
 * 32 at most, as a node's do (group commit). Storages take turns, in slices, over several rounds, so that a disk that
 * other programs use disturbs all alike; each ratio is to `wal` in the same rounds. `probe` is the least that any of
 * them must do: one write of 4 KiB through to the disk. Run: `npx tsx bench/storage.ts [seconds] [directory]`.
 */

import { constants } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../src/runtime/lmdb/database.ts";
import { lmdbLog } from "../src/runtime/logs/lmdb.ts";
import type { Log, LogRecord } from "../src/runtime/logs/log.ts";
import { memoryLog } from "../src/runtime/logs/memory.ts";
import { openWal } from "../src/runtime/logs/wal/wal.ts";
import { sourceThread } from "../test/support/lmdb-places.ts";

/** Something that stores records. */
interface Target {
  readonly name: string;
  append(records: readonly LogRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** What came of one load; times in ms. */
interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

const groupMax = 32; // records that a drive stores at once
const rounds = 5;
const warmUpMs = 150;
const dropEvery = 5000; // positions kept, as a node keeps them behind a snapshot
const sizes = [100, 4096];
const waiting = [1, 64, 256];

const [seconds = "1", place = tmpdir()] = process.argv.slice(2);
const sliceMs = (Number(seconds) * 1000) / rounds;
const directory = await mkdtemp(join(place, "quorate-bench-storage-"));

function targetOf(name: string, log: Log, close: () => Promise<void> = async () => undefined): Target {
  return {
    name,
    append: (records) => log.append(records),
    close: async () => {
      await log.close();
      await close();
    },
  };
}

async function recovered(log: Log): Promise<Log> {
  for await (const _ of log.recover());
  return log;
}

async function probe(): Promise<Target> {
  const file = await open(join(directory, "probe"), constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC);
  const block = new Uint8Array(4096).fill(1);
  for (let at = 0; at < 1024; at++) await file.write(block, 0, 4096, at * 4096);
  let next = 0;
  return {
    name: "probe",
    append: async () => void (await file.write(block, 0, 4096, (next++ % 1024) * 4096)),
    close: () => file.close(),
  };
}

async function openTargets(round: string): Promise<readonly Target[]> {
  const database = await openDatabase({ directory: join(directory, `lmdb-${round}`), start: sourceThread });
  return [
    targetOf("wal", await recovered(await openWal({ directory: join(directory, `wal-${round}`) }))),
    targetOf("lmdb", await recovered(lmdbLog(database)), () => database.close()),
    targetOf("memory", await recovered(memoryLog())),
    await probe(),
  ];
}

/** Appends for a while, `count` at a time; each that is done is followed by the next. */
class Load {
  readonly times: number[] = [];
  readonly #target: Target;
  readonly #bytes: Uint8Array;
  readonly #count: number;
  #position = 0;
  spentMs = 0;

  constructor(target: Target, size: number, count: number) {
    this.#target = target;
    this.#bytes = new Uint8Array(size).fill(7);
    this.#count = count;
  }

  async run(ms: number, isCounted: boolean): Promise<void> {
    const startedAt = performance.now();
    const queue: number[] = new Array<number>(this.#count).fill(startedAt);
    const times: number[] = [];
    while (performance.now() - startedAt < ms) {
      const asked = queue.splice(0, groupMax);
      await this.#target.append(asked.map(() => this.#next()));
      const now = performance.now();
      for (const at of asked) {
        times.push(now - at);
        queue.push(now);
      }
    }
    if (!isCounted) return;
    this.spentMs += performance.now() - startedAt;
    for (const time of times) this.times.push(time);
  }

  figures(): Figures {
    const sorted = Float64Array.from(this.times).sort();
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return { rate: (this.times.length / this.spentMs) * 1000, p50: at(0.5), p99: at(0.99) };
  }

  #next(): LogRecord {
    const position = ++this.#position;
    const positions = { first: position, count: 1 };
    const isCut = position % dropEvery === 0;
    return {
      group: 0,
      kind: 1,
      bytes: this.#bytes,
      positions,
      ...(isCut && { dropThrough: position - dropEvery / 2 }),
    };
  }
}

console.log(`Node ${process.versions.node}, ${directory}, load ${loadavg()[0]?.toFixed(1)}`);
console.log("record   waiting  storage    appends/s   to wal   p50 ms   p99 ms");
try {
  for (const size of sizes) {
    for (const count of waiting) {
      const targets = await openTargets(`${size}-${count}`);
      const loads = targets.map((target) => new Load(target, size, count));
      for (const load of loads) await load.run(warmUpMs, false);
      for (let round = 0; round < rounds; round++) for (const load of loads) await load.run(sliceMs, true);
      const all = loads.map((load) => load.figures());
      for (const [at, { rate, p50, p99 }] of all.entries()) {
        const ratio = rate / (all[0]?.rate ?? rate);
        const cells = [`${size} B`.padEnd(8), String(count).padStart(7), ` ${targets[at]?.name}`.padEnd(9)];
        const figures = [rate.toFixed(0).padStart(11), ratio.toFixed(2).padStart(7), p50.toFixed(3).padStart(8)];
        console.log([...cells, ...figures, p99.toFixed(3).padStart(8)].join(" "));
      }
      for (const target of targets) await target.close();
    }
  }
} finally {
  await rm(directory, { recursive: true });
}
console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
