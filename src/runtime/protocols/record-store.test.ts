import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { type LoggedRecord, type RaftMemory, type RaftRecord, Recovery } from "../../protocols/raft/index.ts";
import { membershipOf } from "../../protocols/replicated-log.ts";
import { DiskFullError } from "../errors.ts";
import type { Log, LogRecord } from "../logs/log.ts";
import { type MemoryMedium, memoryLog } from "../logs/memory.ts";
import { memorySnapshots, newSnapshotMedium } from "../snapshots/memory.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import { raftForm } from "./raft.ts";
import { RecordStore } from "./record-store.ts";

const members = [{ id: "a", address: "a:1" }];

test("a disk that is full between a snapshot's last piece and its record only delays the installation", async () => {
  const medium: MemoryMedium = new Map();
  const snapshots = memorySnapshots();
  let tries = 0;
  const store = await openStore(medium, snapshots, async (records, append) => {
    if (++tries === 1) throw new DiskFullError("the log");
    await append(records);
  });
  const content = Buffer.from("a snapshot in two pieces");
  const at = { index: 7, term: 2 };
  const snapshot = { ...at, bytes: content.length, checksum: crc32(content) };
  const records: RaftRecord[] = [
    { kind: "chunk", snapshot, offset: 10, bytes: content.subarray(10) },
    { kind: "base", base: at, snapshot, membership: membershipOf(members) },
  ];

  await store.store([{ kind: "chunk", snapshot, offset: 0, bytes: content.subarray(0, 10) }]);
  await expect(store.store(records)).rejects.toThrow(DiskFullError);
  await store.store(records);
  await store.store([{ kind: "state", term: 3, votedFor: "a" }]);

  const again = new RecordStore(raftForm, memoryLog(medium), snapshots, () => {});
  const { memory } = await again.recover<RaftMemory>(new Recovery(members, 1000));
  expect(memory).toMatchObject({ term: 3, snapshot, log: { base: at } });
  expect(await snapshots.list()).toEqual([snapshot]);
});

test("records that together are more than a log takes at once are stored in several appends", async () => {
  const sizes: number[] = [];
  const store = await openStore(new Map(), memorySnapshots(), async (records) => {
    sizes.push(records.reduce((sum, record) => sum + record.bytes.length, 0));
  });
  const payload = new Uint8Array(8 * 2 ** 20);
  const records = Array.from({ length: 10 }, (_, at): RaftRecord => {
    return { kind: "entries", from: at + 1, entries: [{ term: 1, kind: "payload", payload }] };
  });

  await store.store(records);

  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(10 * payload.length);
  expect(Math.max(...sizes)).toBeLessThan(64 * 2 ** 20);
});

test("a damaged snapshot is given to nobody, and said once; a sound one is given piece by piece", async () => {
  const medium = newSnapshotMedium();
  const snapshots = memorySnapshots(medium);
  const notices: string[] = [];
  const store = new RecordStore(raftForm, memoryLog(), snapshots, (_level, text) => notices.push(text));
  const first = await snapshots.save({ index: 7, term: 2 }, [Buffer.from("a snapshot in two pieces")]);
  const piece = await store.find({ kind: "chunk", snapshot: first, offset: 2, bytesMax: 8 });
  const second = await snapshots.save({ index: 9, term: 2 }, [Buffer.from("another")]);
  const stored = medium.complete.find(({ snapshot }) => snapshot.index === 9);
  (stored?.content as Uint8Array[])[0] = Buffer.from("Another");

  const damaged = [0, 3].map((offset) => store.find({ kind: "chunk", snapshot: second, offset, bytesMax: 3 }));

  expect(piece).toEqual({ kind: "chunk", offset: 2, bytes: new Uint8Array(Buffer.from("snapshot")) });
  expect(await Promise.all(damaged)).toEqual([{ kind: "gone" }, { kind: "gone" }]);
  expect(notices).toEqual(["a stored snapshot is damaged: members that need it wait for the next one"]);
});

/** A store on a log of its own, whose appends go through `append`. */
async function openStore(
  medium: MemoryMedium,
  snapshots: Snapshots,
  append: (records: readonly LogRecord[], append: Log["append"]) => Promise<void>,
): Promise<RecordStore<LoggedRecord>> {
  const log = memoryLog(medium);
  const store = new RecordStore(
    raftForm,
    {
      recover: () => log.recover(),
      append: (records) => append(records, (stored) => log.append(stored)),
      read: (group, from, bytesMax) => log.read(group, from, bytesMax),
      stats: () => log.stats(),
      close: () => log.close(),
    },
    snapshots,
    () => {},
  );
  await store.recover(new Recovery(members, 1000));
  return store;
}
