import { openDirectory, protocolOf, type StorageKind } from "../../src/runtime/directory.ts";
import { startNode } from "../../src/runtime/open-node.ts";
import { checkOptions } from "../../src/runtime/options.ts";
import type { LogProtocolName } from "../../src/runtime/protocols/kinds.ts";
import { recoverStorage } from "../../src/runtime/storage.ts";
import { openStored } from "../../src/runtime/storages/storages.ts";
import { type ObjectsNode, objects } from "../../src/services/objects.ts";
import { noThread } from "./lmdb-places.ts";

/** A server's node on a directory, alone; in the storage that it has, or is given. */
export async function openAlone(dataDir: string, storage?: StorageKind, given?: LogProtocolName): Promise<ObjectsNode> {
  const protocol = given ?? (await protocolOf(dataDir));
  const config = checkOptions({ id: "n1", dataDir, snapshotEveryBytes: 4096, electionTicks: 6, protocol });
  const directory = await openDirectory(dataDir, { nodeId: "n1", clusterId: config.clusterId, storage, protocol });
  const { log, snapshots, close } = await openStored(directory, () => undefined, noThread);
  const release = async (): Promise<void> => {
    await close();
    await directory.close();
  };
  const parts = { clusterId: directory.clusterId, log, snapshots, release };
  const node = await startNode(config, await recoverStorage(config, parts), objects);
  await node.ready();
  return node as ObjectsNode;
}

/**
 * Writes some of all that a server stores, on both sides of a snapshot: what the fixtures `data-directory-*` hold.
 *
 * To keep a new format: run this by hand on an empty directory, and commit that directory as it was left.
 */
export async function fillDirectory(
  dataDir: string,
  storage: StorageKind,
  protocol: LogProtocolName = "raft",
): Promise<void> {
  const node = await openAlone(dataDir, storage, protocol);
  const saved = new Promise<void>((resolve) => void node.on("snapshot", () => resolve()));
  const push = (value: string, key?: string) =>
    node.execute({ machine: "stack", command: { kind: "push", stack: "1", value } }, key === undefined ? {} : { key });
  await node.execute({ machine: "stack", command: { kind: "create", stack: "1" } });
  await push("before", "key-before");
  await node.execute({ machine: "kv", command: { kind: "put", key: "a", value: "1" } });
  await node.execute({ machine: "kv", command: { kind: "put", key: "gone", value: "1" } });
  await node.execute({ machine: "kv", command: { kind: "delete", key: "gone" } });
  await node.execute({ machine: "log", command: { kind: "append", entry: "x".repeat(4096) } });
  await node.execute({ machine: "log", command: { kind: "append", entry: "second" } });
  await saved;
  await push("after", "key-after");
  await push("popped");
  await node.execute({ machine: "stack", command: { kind: "pop", stack: "1" } });
  await node.close();
}
