import { expect, test } from "vitest";
import { defineMachine } from "../../machines/machine.ts";
import { sessionLimits } from "../../machines/sessions.ts";
import { openNode } from "../open-node.ts";
import { MemoryNetwork } from "../transports/memory.ts";

const counter = defineMachine({
  initial: () => ({ total: 0 }),
  apply: (state, add: number) => (state.total += add),
  query: (state) => state.total,
});

test("a member that starts behind more keys than are remembered carries out its first requests all the same", async () => {
  const network = new MemoryNetwork();
  const members = { a: "a:1", b: "b:1", c: "c:1" };
  const open = (id: keyof typeof members) => {
    const transport = network.transport(members[id]);
    return openNode({ id, members, storage: "memory", transport, tickMs: 5, machine: counter });
  };
  await using a = await open("a");
  await using _b = await open("b");
  await a.ready();
  const keys = Array.from({ length: sessionLimits.clientsMax + 1 }, (_, at) => `early ${at}`);
  await Promise.all(keys.map((key) => a.execute(1, { key })));

  await using c = await open("c");
  const totals = await Promise.all([c.execute(1), c.execute(1, { key: "late" }), c.execute(1, { key: "late" })]);

  expect(totals[1]).toBe(totals[2]);
  expect(await c.read()).toBe(keys.length + 2);
});
