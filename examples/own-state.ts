// A replicated log without a machine: the state, here a Map, and its snapshot are yours.
// Run: npx tsx examples/own-state.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNode } from "quorate";

const directory = await mkdtemp(join(tmpdir(), "quorate-own-state-"));
const words = new Map<string, number>();

/** One life of the process: takes in what was agreed, then adds to it. */
async function live(...texts: string[]): Promise<void> {
  const node = await openNode({ id: "n1", dataDir: directory });
  words.clear();
  const reading = follow(node);
  for (const text of texts) await node.propose(Buffer.from(text));
  await node.ready(); // everything committed so far is taken in
  console.log([...words].map(([word, count]) => `${word}: ${count}`).join(", "));
  await node.saveSnapshot(node.status().applied, [Buffer.from(JSON.stringify([...words]))]);
  await node.close();
  await reading;
}

async function follow(node: Awaited<ReturnType<typeof openNode>>): Promise<void> {
  for await (const delivery of node.committed({ from: 0 })) {
    if (delivery.kind === "snapshot") {
      const parts: Uint8Array[] = [];
      for await (const part of delivery.content) parts.push(part);
      for (const [word, count] of JSON.parse(Buffer.concat(parts).toString())) words.set(word, count);
    } else {
      for (const { payload } of delivery.entries) {
        const word = Buffer.from(payload).toString();
        words.set(word, (words.get(word) ?? 0) + 1);
      }
    } // asking for the next delivery acknowledges this one
  }
}

try {
  await live("red", "green", "red");
  await live("green"); // the same directory: it goes on where it was
} finally {
  await rm(directory, { recursive: true, force: true });
}
