// A counter on three members: add on any of them, read it on all of them. Run: npx tsx examples/counter.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineMachine, openNode } from "quorate";

const counter = defineMachine({
  initial: () => ({ total: 0 }),
  apply: (state, command: { add: number }) => {
    state.total += command.add;
    return state.total;
  },
  query: (state) => state.total,
});

const directory = await mkdtemp(join(tmpdir(), "quorate-counter-"));
const members = { n1: "127.0.0.1:7101", n2: "127.0.0.1:7102", n3: "127.0.0.1:7103" };
const open = (id: string) => openNode({ id, members, dataDir: join(directory, id), machine: counter });
const [n1, n2, n3] = await Promise.all([open("n1"), open("n2"), open("n3")]);

try {
  // Any member takes a command, and it is applied exactly once, on all of them, in the same order.
  await Promise.all([n1.execute({ add: 1 }), n2.execute({ add: 2 }), n3.execute({ add: 3 })]);

  // The same key again, on another member, is the same request: it is not added twice.
  await n1.execute({ add: 10 }, { key: "order-17" });
  await n2.execute({ add: 10 }, { key: "order-17" });

  for (const node of [n1, n2, n3]) {
    console.log(`${node.id} reads ${await node.read()}, ${node.status().role} of term ${node.status().term}`);
  }
} finally {
  await Promise.all([n1.close(), n2.close(), n3.close()]);
  await rm(directory, { recursive: true, force: true });
}
