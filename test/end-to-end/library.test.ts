import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeAddresses } from "../support/free-ports.ts";
import { journal } from "../support/journal.ts";
import { LibraryProcess } from "../support/library-process.ts";
import { eventually, machineCluster } from "../support/members.ts";
import { Program } from "../support/processes.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-library-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("members in three processes keep each acknowledged command, once, while leaders are killed", async () => {
  const ids = ["n1", "n2", "n3"];
  const members = await freeAddresses(...ids);
  const open = (id: string) => LibraryProcess.open({ id, members, dataDir: join(home, id) });
  const running = new Map<string, LibraryProcess>();
  await Promise.all(ids.map(async (id) => running.set(id, await open(id))));
  const acknowledged: string[] = [];
  let isOver = false;
  const clients = ids.map(async (name) => {
    for (let at = 0; !isOver; at++) {
      const text = `${name}.${at}`;
      while (!(await pushed([...running.values()][at % running.size], text)));
      acknowledged.push(text);
    }
  });

  for (let kills = 0; kills < 3; kills++) {
    const goal = acknowledged.length + 50;
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(goal));
    const { leader = "n1" } = await eventually(async () => {
      const status = await [...running.values()][0]?.status();
      if (status?.leader === undefined) throw new Error("no leader is known");
      return status as { leader: string };
    });
    const killed = running.get(leader);
    running.delete(leader);
    await killed?.kill();
    running.set(leader, await open(leader));
  }
  isOver = true;
  await Promise.all(clients);
  const orders = await Promise.all([...running.values()].map((member) => eventually(() => member.read())));
  await Promise.all([...running.values()].map((member) => member.kill()));

  expect(acknowledged.length).toBeGreaterThan(150);
  expect(orders[0]?.toSorted()).toEqual(acknowledged.toSorted());
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
});

/** One try; the same text is the same request, wherever it is tried. */
async function pushed(member: LibraryProcess | undefined, text: string): Promise<boolean> {
  try {
    await member?.execute(text);
    return member !== undefined;
  } catch {
    return false; // ended, or has no answer: the caller tries the next member
  }
}

test("a directory serves one process at a time, and the next once that is gone, however it ended", async () => {
  const options = { id: "n1", dataDir: join(home, "n1") };
  await using first = await LibraryProcess.open(options);
  await first.execute("a");

  await expect(LibraryProcess.open(options)).rejects.toThrow("QUORATE_DIRECTORY_LOCKED");
  await first.kill();
  await using second = await LibraryProcess.open(options);

  expect(await second.read()).toEqual(["a"]);
});

test("a program ends by itself once its node is closed, and has nothing to say", async () => {
  const library = new URL("../../src/runtime/index.ts", import.meta.url).href;
  const script = join(home, "program.mts");
  writeFileSync(
    script,
    `import { defineMachine, openNode } from ${JSON.stringify(library)};
    const machine = defineMachine({ initial: () => ({ n: 0 }), apply: (state, by) => (state.n += by) });
    const signal = new AbortController().signal;
    const node = await openNode({ id: "n1", dataDir: ${JSON.stringify(join(home, "n1"))}, machine });
    await Promise.all(Array.from({ length: 100 }, () => node.execute(1, { signal })));
    await node.close();
    console.log("closed");`,
  );

  const program = new Program("--import", ["tsx", script]);
  await program.says("closed");
  const closedAt = performance.now();
  const { code, stderr } = await program.ended;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(performance.now() - closedAt).toBeLessThan(1000);
});

test("closing gives up on what cannot be finished, within its bound, with an honest outcome", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  cluster.isolate(leader.id);
  const appended = leader.execute("appended");
  const failing = expect(appended).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown" });
  await eventually(() => expect(leader.status().leader).toBeUndefined());
  const parked = leader.execute("parked");
  const parting = expect(parked).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "not-applied" });
  const startedAt = performance.now();

  await leader.close();

  expect(performance.now() - startedAt).toBeLessThan(4500);
  await Promise.all([failing, parting]);
  await leader.closed;
});
