import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type MaelstromBody, MaelstromNetwork } from "../support/maelstrom-network.ts";
import { quorate, runQuorate } from "../support/processes.ts";

let network: MaelstromNetwork;
afterEach(() => network.kill(...network.ids));

async function started(count: number, ...args: readonly string[]): Promise<MaelstromNetwork> {
  return await run(count, [quorate, "maelstrom", "node", ...args]);
}

async function run(count: number, command: readonly string[]): Promise<MaelstromNetwork> {
  network = new MaelstromNetwork(count, command);
  await network.start();
  return network;
}

test("echo: a node says what it is told, and ends when stdin does", async () => {
  const { ids } = await started(2, "echo");

  const answers = await Promise.all(ids.map((id) => network.ask(id, { type: "echo", echo: { to: id } })));

  expect(answers).toMatchObject(ids.map((id) => ({ type: "echo_ok", echo: { to: id } })));
  expect(await network.stop()).toEqual([0, 0]);
  expect([...network.stderr]).toEqual([]);
});

test("unique-ids: no id comes twice, not from a node that was killed and started again either", async () => {
  const { ids } = await started(3, "unique-ids");
  const generate = async () => {
    const asked = ids.flatMap((id) => Array.from({ length: 20 }, () => network.ask(id, { type: "generate" })));
    return (await Promise.all(asked)).map(({ id }) => id);
  };

  const first = await generate();
  await network.kill("n2");
  await network.startNode("n2");
  const all = [...first, ...(await generate())];

  expect(new Set(all).size).toBe(120);
});

test.each([
  ["broadcast", [], { type: "broadcast" }, "message", "messages"],
  ["broadcast", ["--tuning", "traffic", "--window", "100ms"], { type: "broadcast" }, "message", "messages"],
  ["g-set", ["--topology", "line"], { type: "add" }, "element", "value"],
])(
  "%s %j: both sides of a partition take in values, and all arrive everywhere",
  async (name, options, add, field, all) => {
    const { ids } = await started(4, name, ...options);
    const values = (body: MaelstromBody) => (body[all] as number[]).toSorted((a, b) => a - b);
    const tell = (value: number) => network.ask(ids[value % 4] ?? "", { ...add, [field]: value });

    await tell(0);
    network.partition(["n1", "n2"], ["n3", "n4"]);
    const answers = await Promise.all([1, 2, 3, 4].map(tell));
    const cut = await network.ask("n3", { type: "read" });
    network.heal();
    const reads = ids.map((id) =>
      until(
        () => network.ask(id, { type: "read" }),
        (body) => values(body).length === 5,
      ),
    );

    expect(answers.map(({ type }) => type)).toEqual(Array(4).fill(`${add.type}_ok`));
    expect(values(cut)).not.toContain(4); // told to the other side
    for (const body of await Promise.all(reads)) expect(values(body)).toEqual([0, 1, 2, 3, 4]);
  },
);

test("pn-counter: every addition counts once on every node, also on one that was killed and comes back", async () => {
  const { ids } = await started(3, "pn-counter");
  const sum = (id: string, value: number) =>
    until(
      () => network.ask(id, { type: "read" }),
      (body) => body.value === value,
    );

  for (const [at, delta] of [5, -2, 0, 7].entries()) await network.ask(ids[at % 3] ?? "", { type: "add", delta });
  await Promise.all(ids.map((id) => sum(id, 10)));
  await network.kill("n1");
  await network.ask("n2", { type: "add", delta: -20 });
  await network.startNode("n1");
  const ends = await Promise.all(ids.map((id) => sum(id, -10)));

  expect(ends.map(({ value }) => value)).toEqual([-10, -10, -10]);
});

test("txn-rw-register, read committed: a node that is cut off goes on, and in the end all have the same", async () => {
  const { ids } = await started(3, "txn-rw-register", "--consistency", "read-committed");
  const run = async (id: string, ...txn: unknown[]) => (await network.ask(id, { type: "txn", txn })).txn;
  const read = [["r", 1, null], ["r", 2, null]]; // biome-ignore format: one transaction

  network.partition(["n1"], ["n2", "n3"]);
  const alone = await run("n1", ["w", 1, 10], ["r", 1, null]);
  await run("n2", ["w", 1, 20], ["w", 2, 21]);
  network.heal();
  await until(
    async () => ({ all: await Promise.all(ids.map((id) => run(id, ...read))) }),
    ({ all }) =>
      new Set((all as unknown[]).map((end) => JSON.stringify(end))).size === 1 && !JSON.stringify(all).includes("null"),
  );
  const ends = await Promise.all(ids.map((id) => run(id, ...read)));

  expect(alone).toEqual([
    ["w", 1, 10],
    ["r", 1, 10],
  ]);
  expect(ends[0]).toEqual([
    ["r", 1, expect.toBeOneOf([10, 20])],
    ["r", 2, 21],
  ]);
  expect(ends).toEqual([ends[0], ends[0], ends[0]]);
});

test("lin-kv: any node answers, a cut one says that it cannot, and what was killed comes back with its data", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "quorate-maelstrom-"));
  try {
    await started(3, "lin-kv", "--data-dir", dataDir);
    const read = (id: string) => network.ask(id, { type: "read", key: "k" });

    await network.ask("n1", { type: "write", key: "k", value: 1 });
    const cas = { type: "cas", key: "k", from: 1, to: 2 };
    const compared = [await network.ask("n2", cas), await network.ask("n3", cas)];
    const missing = await network.ask("n3", { type: "read", key: "none" });
    network.partition(["n1"], ["n2", "n3"]);
    const [cut, served] = await Promise.all([network.ask("n1", { ...cas, from: 2, to: 9 }), read("n2")]);
    network.heal();
    await network.kill("n1", "n2", "n3");
    await network.start();

    expect(compared).toMatchObject([{ type: "cas_ok" }, { type: "error", code: 22 }]);
    expect(missing).toMatchObject({ code: 20 });
    expect([cut.type, served.value]).toEqual(["error", 2]);
    expect([0, 11]).toContain(cut.code); // it led, and may have sent it; or it did not
    expect(await read("n1")).toMatchObject({ type: "read_ok", value: cut.code === 11 ? 2 : expect.anything() });
  } finally {
    await network.kill(...network.ids);
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test("kafka: offsets are unique and in order on every node, and all that was sent is polled", async () => {
  const { ids } = await started(3, "kafka");

  const sent = await Promise.all(
    Array.from({ length: 30 }, (_, msg) => network.ask(ids[msg % 3] ?? "", { type: "send", key: "k", msg })),
  );
  await network.ask("n1", { type: "commit_offsets", offsets: { k: 12 } });
  const polled = await until(
    () => network.ask("n3", { type: "poll", offsets: { k: 0 } }),
    ({ msgs }) => (msgs as { k?: unknown[] }).k?.length === 30,
  );
  const committed = await until(
    () => network.ask("n2", { type: "list_committed_offsets", keys: ["k", "other"] }),
    ({ offsets }) => "k" in (offsets as object),
  );

  const offsetOf = new Map(sent.map(({ offset }, msg) => [offset, msg]));
  expect([...offsetOf.keys()].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 30 }, (_, at) => at));
  expect((polled.msgs as { k: unknown[] }).k).toEqual(Array.from({ length: 30 }, (_, at) => [at, offsetOf.get(at)]));
  expect(committed.offsets).toEqual({ k: 12 });
});

test("txn-list-append: transactions of all nodes are in one order, and see all that came before", async () => {
  const { ids } = await started(3, "txn-list-append");
  const append = async (id: string, value: number) => {
    const txn = [["append", 1, value], ["r", 1, null], ["append", 2, value]]; // biome-ignore format: one transaction
    return (await network.ask(id, { type: "txn", txn })).txn as [string, number, number[]][];
  };

  const lists = (await Promise.all(Array.from({ length: 12 }, (_, value) => append(ids[value % 3] ?? "", value)))).map(
    (txn) => txn[1]?.[2] ?? [],
  );
  const { txn: end } = await network.ask("n2", {
    type: "txn",
    txn: [
      ["r", 1, null],
      ["r", 2, null],
      ["r", 3, null],
    ],
  });

  const longest = lists.find((list) => list.length === 12) ?? [];
  for (const list of lists) expect(list).toEqual(longest.slice(0, list.length));
  expect(end).toEqual([
    ["r", 1, longest],
    ["r", 2, longest],
    ["r", 3, null],
  ]);
});

test("the example of a broadcast of one's own: what was told to either side of a partition arrives on both", async () => {
  const { ids } = await run(3, ["--import", "tsx", "examples/maelstrom-broadcast.ts"]);
  network.partition(["n1"], ["n2", "n3"]);

  await network.ask("n1", { type: "broadcast", message: 1 });
  await network.ask("n2", { type: "broadcast", message: 2 });
  const cut = await network.ask("n1", { type: "read" });
  network.heal();
  const reads = ids.map((id) =>
    until(
      () => network.ask(id, { type: "read" }),
      ({ messages }) => (messages as number[]).length === 2,
    ),
  );

  expect(cut.messages).toEqual([1]);
  for (const { messages } of await Promise.all(reads)) expect((messages as number[]).sort()).toEqual([1, 2]);
});

test.each([
  [["node", "nonsense"], "Allowed choices are"],
  [["node", "echo", "--data-dir", "x"], "echo does not take --data-dir"],
  [["node", "broadcast", "--window", "1s"], "--window goes with --tuning traffic"],
  [["node", "txn-rw-register", "--tuning", "traffic"], "strict-serializable does not take --tuning"],
])("%j is refused", async (args, why) => {
  const { code, stderr } = await runQuorate(["maelstrom", ...args]);

  expect(code).toBe(64);
  expect(stderr).toContain(why);
});

async function until(
  ask: () => Promise<MaelstromBody>,
  isEnough: (body: MaelstromBody) => boolean,
): Promise<MaelstromBody> {
  for (let tries = 0; ; tries++) {
    const body = await ask();
    if (isEnough(body) || tries > 200) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
