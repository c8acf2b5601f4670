import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { openAlone } from "../../../test/support/data-directory.ts";
import { noThread } from "../../../test/support/lmdb-places.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import { type LoggedRecord, type RaftMemory, type RaftRecord, Recovery } from "../../protocols/raft/index.ts";
import { membershipOf } from "../../protocols/replicated-log.ts";
import { openDirectory, type StorageKind, storageOf } from "../directory.ts";
import { raftForm } from "../protocols/raft.ts";
import { RecordStore } from "../protocols/record-store.ts";
import { convertStorage } from "./convert.ts";
import { inspectStorage, type StoredHead, verifyStorage } from "./inspect.ts";
import type { StoredItem } from "./items.ts";
import { type OpenStorage, openStored } from "./storages.ts";

const members = [{ id: "n1", address: "127.0.0.1:7000" }];
const kinds = ["wal", "lmdb"] as const;
let home = "";
let dataDir = "";

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "quorate-storages-"));
  dataDir = join(home, "data");
  return () => rm(home, { recursive: true });
});

/** Opens a directory as a node does, does something with what it keeps, and closes it. */
async function use<Result>(
  work: (
    stored: OpenStorage & { readonly store: RecordStore<LoggedRecord>; readonly memory: RaftMemory },
  ) => Promise<Result>,
  storage?: StorageKind,
): Promise<Result> {
  const directory = await openDirectory(dataDir, { nodeId: "n1", clusterId: "c1", storage });
  const stored = await openStored(directory, () => undefined, noThread);
  try {
    const store = new RecordStore(raftForm, stored.log, stored.snapshots, () => undefined);
    const { memory } = await store.recover(new Recovery(storage === undefined ? [] : members, 0));
    return await work({ ...stored, store, memory });
  } finally {
    await stored.log.close();
    await stored.close();
    await directory.close();
  }
}

function entry(index: number, term: number, text: string): RaftRecord {
  return { kind: "entries", from: index, entries: [{ term, kind: "payload", payload: toUtf8(text) }] };
}

/** Some of all that a node stores: votes, entries written again, a snapshot with the log cut before it, half of one. */
async function fill(storage: StorageKind): Promise<void> {
  await use(async ({ store, snapshots }) => {
    const base = {
      kind: "base",
      base: { index: 0, term: 0 },
      snapshot: undefined,
      membership: membershipOf(members),
    } as const;
    await store.store([base, { kind: "state", term: 1, votedFor: "n1" }]);
    const numbers = Array.from({ length: 300 }, (_, at) => at + 1);
    for (const group of [numbers.slice(0, 100), numbers.slice(100)]) {
      await store.store(group.map((index) => entry(index, 1, `entry ${index}`)));
    }
    await store.store([
      { kind: "state", term: 2, votedFor: undefined },
      entry(291, 2, "again"),
      entry(292, 2, "x".repeat(50_000)),
    ]);
    const snapshot = await snapshots.save({ index: 280, term: 1 }, [new Uint8Array(400_000).fill(9)]);
    await store.store([{ ...base, base: { index: 250, term: 1 }, snapshot }, entry(293, 2, "last")]);
    await snapshots.receive({ index: 900, term: 3, bytes: 1000, checksum: 1 }, 0, new Uint8Array(300));
  }, storage);
}

/** What a node would make of the directory. */
async function meaning(): Promise<unknown> {
  return await use(async ({ store, snapshots, memory: { log, ...memory } }) => {
    const found = await store.find({ kind: "entries", from: 251, bytesMax: 1e9 });
    const entries = found.kind === "entries" ? found.entries.map(({ term, payload }) => [term, crc32(payload)]) : [];
    const names = await snapshots.list();
    for (const name of names) for await (const _ of snapshots.content(name));
    const { base, last, configurations } = log;
    return { ...memory, base, last, configurations, names, count: entries.length, crc: crc32(entries.join()) };
  });
}

async function contents(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const file of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile()) found.set(path, (await readFile(path)).toString("base64"));
  }
  return found;
}

type Told = StoredItem & { readonly text: string | undefined };

async function inspected(): Promise<{ head: StoredHead | undefined; items: Told[]; notices: readonly string[] }> {
  const items: Told[] = [];
  let head: StoredHead | undefined;
  const totals = await inspectStorage(dataDir, {
    head: (told) => {
      head = told;
    },
    item: (item) => void items.push({ ...item, text: item.payload && fromUtf8(item.payload) }),
  });
  return { head, items, notices: totals.notices };
}

describe.each(kinds)("a directory in %s", (storage) => {
  const other = storage === "wal" ? "lmdb" : "wal";

  test("is told item by item, and left as it is", async () => {
    await fill(storage);
    const before = await contents();

    const { head, items, notices } = await inspected();

    const last = items.findLast(({ kind }) => kind === "entry");
    const base = items.findLast(({ kind }) => kind === "base");
    expect(head).toMatchObject({ nodeId: "n1", clusterId: "c1", storage, protocol: "raft" });
    expect(head?.snapshots).toMatchObject([{ index: 280, term: 1, bytes: 400_000 }]);
    expect(head?.partial).toMatchObject({ received: 300 });
    expect(last).toMatchObject({ index: 293, facts: { term: 2 }, text: "last" });
    expect(base).toMatchObject({ index: 250, facts: { term: 1, members } });
    expect(notices).toEqual([]);
    expect(await contents()).toEqual(before);
  });

  test("is sound, and is not once a byte of it is flipped, wherever that is", async () => {
    await fill(storage);
    const sound = await verifyStorage(dataDir);
    const [file = ""] = [...(await contents()).keys()].filter((path) => /data\.mdb$|00000001\.wal$/.test(path));
    const bytes = await readFile(file);
    const at = bytes.indexOf("entry 270");
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);

    expect(sound).toMatchObject({ storage, snapshots: [{ index: 280 }] });
    await expect(verifyStorage(dataDir)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file });
  });

  test("with a snapshot that changed is not sound", async () => {
    await fill(storage);
    const [file = ""] = [...(await contents()).keys()].filter((path) => /data\.mdb$|\.snapshot$/.test(path));
    const bytes = await readFile(file);
    bytes[bytes.indexOf(Buffer.alloc(5000, 9)) + 2500] = 8;
    await writeFile(file, bytes);

    await expect(verifyStorage(dataDir)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file });
  });

  test("holds only records that its protocol makes, or is not sound", async () => {
    await fill(storage);
    await use(({ log }) => log.append([{ group: 0, kind: 99, bytes: toUtf8("of a later protocol") }]));

    await expect(verifyStorage(dataDir)).rejects.toThrow(/record \d+ of the log is intact, and none that raft writes/);
  });

  test(`becomes one in ${other} that means the same, and back`, async () => {
    await fill(storage);
    const before = await meaning();

    const there = await convertStorage({ dataDir, to: other }, noThread);
    const between = await meaning();
    const names = await readdir(dataDir);
    const back = await convertStorage({ dataDir, to: storage }, noThread);

    expect(there).toMatchObject({ nodeId: "n1", from: storage, to: other, snapshots: [{ index: 280 }] });
    expect(names.sort()).toEqual(
      other === "lmdb" ? ["lmdb", "lock", "node.json"] : ["lock", "node.json", "snapshots", "wal"],
    );
    expect(back).toMatchObject({ from: other, to: storage });
    expect(between).toEqual(before);
    expect(await meaning()).toEqual(before);
  });

  test("that is damaged is not converted, and left as it is", async () => {
    await fill(storage);
    const [file = ""] = [...(await contents()).keys()].filter((path) => /data\.mdb$|00000001\.wal$/.test(path));
    const bytes = await readFile(file);
    const at = bytes.indexOf("entry 270");
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const before = await contents();

    const converted = convertStorage({ dataDir, to: other }, noThread);

    await expect(converted).rejects.toMatchObject({ code: "QUORATE_CORRUPTION" });
    expect(await contents()).toEqual(before);
  });

  test("is as it was after a conversion that a crash cut short, wherever that was, and can be converted then", async () => {
    await fill(storage);
    const before = await meaning();
    await cp(dataDir, join(home, "old"), { recursive: true });
    await convertStorage({ dataDir, to: other }, noThread);
    await cp(dataDir, join(home, "new"), { recursive: true });
    const names = { wal: ["wal", "snapshots"], lmdb: ["lmdb"] };
    const stages: [from: string, extra: [string, string][]][] = [
      ["old", names[other].map((name) => [name, `converting/${name}`])],
      ["old", names[other].map((name) => [name, name])],
      ["old", [[names[other][0] ?? "", names[other][0] ?? ""]]],
      ["new", names[storage].map((name) => [name, name])],
    ];
    for (const [kept, extra] of stages) {
      await rm(dataDir, { recursive: true });
      await cp(join(home, kept), dataDir, { recursive: true });
      for (const [name, target] of extra) {
        await cp(join(home, kept === "old" ? "new" : "old", name), join(dataDir, target), { recursive: true });
      }
      expect(await meaning()).toEqual(before);
      expect(await storageOf(dataDir)).toBe(kept === "old" ? storage : other);

      await convertStorage({ dataDir, to: other }, noThread);

      expect(await meaning()).toEqual(before);
      expect((await readdir(dataDir)).length).toBe(2 + names[other].length);
    }
  });

  test("goes on after it was converted", async () => {
    await fill(storage);
    await convertStorage({ dataDir, to: other }, noThread);

    await use(({ store }) => store.store([entry(294, 2, "more")]));

    const { items } = await inspected();
    expect(items.at(-1)).toMatchObject({ index: 294, text: "more" });
    expect((await verifyStorage(dataDir)).storage).toBe(other);
  });

  test("in use, or of nobody, is refused", async () => {
    await mkdir(dataDir);
    await expect(verifyStorage(dataDir)).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
    const held = await openDirectory(dataDir, { nodeId: "n1", clusterId: "c1", storage });

    await expect(verifyStorage(dataDir)).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED" });
    await expect(convertStorage({ dataDir, to: other })).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED" });
    await held.close();
  });
});

test("a torn tail is read, left as it is, and said; a conversion leaves it out", async () => {
  await fill("wal");
  const before = await meaning();
  const path = join(dataDir, "wal", "00000001.wal");
  const { items } = await inspected();
  const bytes = await readFile(path);
  await use(({ store }) => store.store([entry(294, 2, "y".repeat(2000))]));
  const longer = await readFile(path);
  const start = longer.findIndex((byte, at) => byte !== bytes[at]) & ~511;
  longer.fill(0, start + 1024);
  await writeFile(path, longer);

  const torn = await inspected();
  const converted = await convertStorage({ dataDir, to: "lmdb" }, noThread);

  expect(torn.items).toEqual(items);
  expect(torn.notices).toEqual([expect.stringContaining(`interrupted at byte ${start}`)]);
  expect(converted.notices).toEqual(torn.notices);
  expect(await meaning()).toEqual(before);
});

test("a directory of Multi-Paxos is told item by item, and converted to what means the same", async () => {
  const open = (storage?: StorageKind) => openAlone(dataDir, storage, "multi-paxos");
  const node = await open("wal");
  for (const value of ["x", "y"]) await node.execute({ machine: "kv", command: { kind: "put", key: "a", value } });
  await node.close();
  const before = await inspected();

  const converted = await convertStorage({ dataDir, to: "lmdb" }, noThread);
  const after = await inspected();
  const again = await open();
  const kv = await again.read({ machine: "kv", question: { kind: "get", key: "a" } });
  await again.close();

  expect(before.head).toMatchObject({ protocol: "multi-paxos", storage: "wal" });
  const kinds = ["base", "view", "accepted", "ordered"];
  expect([...new Set(before.items.map(({ kind }) => kind))].sort()).toEqual(kinds.sort());
  expect(before.items.filter(({ kind }) => kind === "accepted").map(({ index }) => index)).toEqual([1, 2]);
  expect(converted).toMatchObject({ from: "wal", to: "lmdb" });
  expect([after.head, after.items]).toMatchObject([{ protocol: "multi-paxos", storage: "lmdb" }, before.items]);
  expect(kv).toMatchObject({ reply: { value: "y" } });
  expect(await verifyStorage(dataDir)).toMatchObject({ protocol: "multi-paxos" });
});
