import { openNode } from "../../src/runtime/open-node.ts";
import { type ObjectsNode, objects } from "../../src/services/objects.ts";

/** A server's node on a directory, alone. */
export async function openAlone(dataDir: string): Promise<ObjectsNode> {
  const node = await openNode({ id: "n1", dataDir, machine: objects, snapshotEveryBytes: 4096, electionTicks: 6 });
  await node.ready();
  return node;
}

/**
 * Writes some of all that a server stores, on both sides of a snapshot: what the fixtures `data-directory-*` hold.
 *
 * To keep a new format: run this by hand on an empty directory, and commit that directory as it was left.
 */
export async function fillDirectory(dataDir: string): Promise<void> {
  const node = await openAlone(dataDir);
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
