import { expect, test } from "vitest";
import { NodeOnStreams } from "../../test/support/maelstrom-streams.ts";
import { MaelstromError } from "./errors.ts";

test("nothing is answered before init; what came earlier is answered after it, in order", async () => {
  const it = new NodeOnStreams({ workload: "echo" });
  it.node.on("echo", ({ echo }) => ({ echo }));
  void it.node.run();

  it.give("c1", { type: "echo", msg_id: 7, echo: "early" });
  it.give("c1", { type: "echo", msg_id: 8, echo: "too" });
  await turn();
  const before = [...it.sent];
  it.init();
  const bodies = await it.bodies(3);

  expect(before).toEqual([]);
  expect(bodies).toEqual([
    { type: "init_ok", in_reply_to: 1 },
    { type: "echo_ok", in_reply_to: 7, echo: "early" },
    { type: "echo_ok", in_reply_to: 8, echo: "too" },
  ]);
});

test("while the handler of init is at work, nothing else is answered", async () => {
  const it = new NodeOnStreams({ workload: "echo" });
  let open = () => {};
  it.node.on("init", async () => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
  });
  it.node.on("echo", ({ echo }) => ({ echo }));
  void it.node.run();

  it.init();
  it.give("c1", { type: "echo", msg_id: 2, echo: 1 });
  await turn();
  const before = [...it.sent];
  open();
  const bodies = await it.bodies(2);

  expect(before).toEqual([]);
  expect(bodies.map(({ type }) => type)).toEqual(["init_ok", "echo_ok"]);
  expect([it.node.id, it.node.nodeIds, it.node.peers]).toEqual(["n1", ["n1", "n2", "n3"], ["n2", "n3"]]);
});

test("the handler of init may ask a service", async () => {
  const it = new NodeOnStreams({ workload: "echo" });
  it.node.on("init", async () => {
    await it.node.kv("seq-kv").write("sum", 0, { timeoutMs: 30_000 });
  });
  void it.node.run();

  it.init();
  const [asked] = await it.bodies(1);
  it.give("seq-kv", { type: "write_ok", in_reply_to: asked?.msg_id as number });
  const bodies = await it.bodies(2);

  expect(bodies.map(({ type }) => type)).toEqual(["write", "init_ok"]);
});

test("a slow handler holds up nobody", async () => {
  const it = started();
  let finish = () => {};
  it.node.on("slow", async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return {};
  });
  it.node.on("fast", () => ({}));

  it.give("c1", { type: "slow", msg_id: 2 });
  it.give("c1", { type: "fast", msg_id: 3 });
  await it.bodies(2);
  finish();
  const bodies = await it.bodies(3);

  expect(bodies.map(({ type }) => type)).toEqual(["init_ok", "fast_ok", "slow_ok"]);
});

test("failures are answered by their kind, and never more definite than they are", async () => {
  const it = started("g-counter");
  it.node.on("add", () => {
    throw new MaelstromError("abort", "not today");
  });
  it.node.on("read", () => {
    throw new TypeError("a bug");
  });

  it.give("c1", { type: "add", msg_id: 2, delta: 1 });
  it.give("c1", { type: "read", msg_id: 3 });
  it.give("c1", { type: "add", msg_id: 4, delta: -1 });
  it.give("c1", { type: "add", msg_id: 5, delta: "1" });
  it.give("c1", { type: "unheard-of", msg_id: 6 });
  it.give("c1", { type: "init", msg_id: 7, node_id: "n2", node_ids: ["n2"] });
  const bodies = await it.bodies(7);

  expect(bodies.slice(1).map(({ type, code, in_reply_to }) => [type, code, in_reply_to])).toEqual(
    [
      [14, 2],
      [13, 3],
      [12, 4],
      [12, 5],
      [10, 6],
      [12, 7],
    ].map(([code, id]) => ["error", code, id]),
  );
  expect(it.log).toContain("a bug");
  expect(it.log).not.toContain("not today");
});

test("an answer that is no JSON is a failure, and answered as one", async () => {
  const it = started();
  it.node.on("generate", () => ({ id: 1n }));

  it.give("c1", { type: "generate", msg_id: 2 });
  const bodies = await it.bodies(2);

  expect(bodies[1]).toMatchObject({ type: "error", code: 13, in_reply_to: 2, text: expect.stringContaining("BigInt") });
  expect(it.log).toContain("generate of c1 failed: TypeError");
});

test("what wants no answer gets none; an early answer is the only one", async () => {
  const it = started();
  it.node.on("note", () => ({ ignored: true }));
  it.node.on("ask", (_, request) => {
    request.reply({ early: true });
    return { early: false };
  });

  it.give("n2", { type: "note" });
  it.give("n2", { type: "unheard-of" });
  it.give("n2", { type: "ask", msg_id: 9 });
  const bodies = await it.bodies(2);
  await turn();

  expect(bodies.slice(1)).toEqual([{ type: "ask_ok", in_reply_to: 9, early: true }]);
  expect(it.sent).toHaveLength(2);
  expect(it.log).toContain("unheard-of of n2 failed");
});

test("lines that are no messages are reported and skipped, however they are broken", async () => {
  const it = started(undefined, 200);
  it.node.on("ask", () => ({}));

  for (const line of ["not json", "[]", '{"src":"c1","dest":"n1"}', '{"src":1,"dest":"n1","body":{"type":"ask"}}'])
    it.input.write(`${line}\n`);
  it.input.write('{"src":"c1","dest":"n1","body":{"type":"ask","msg_id":"x"}}\n\n  \n');
  it.input.write(`${"x".repeat(150)}`);
  it.input.write(`${"x".repeat(150)}\n`);
  it.give("c1", { type: "ask", msg_id: 2 }, "n2");
  it.give("c1", { type: "ask", msg_id: 3 });
  const bodies = await it.bodies(2);

  expect(bodies.slice(1)).toEqual([{ type: "ask_ok", in_reply_to: 3 }]);
  expect(it.log.trimEnd().split("\n")).toEqual([
    "malformed input: a line is no JSON and was skipped: not json",
    "malformed input: a line is no JSON object and was skipped: []",
    expect.stringContaining("has no body with a type"),
    expect.stringContaining("has no src or dest that is text"),
    expect.stringContaining("has a msg_id or in_reply_to that is no whole number"),
    "skipped a line of 300 bytes; the limit is 200",
    "skipped ask of c1: it is for n2",
  ]);
});

test("messages are put together from any pieces, also in the middle of a character", async () => {
  const it = started("echo");
  it.node.on("echo", ({ echo }) => ({ echo }));

  const line = Buffer.from(
    `${JSON.stringify({ src: "c1", dest: "n1", body: { type: "echo", msg_id: 2, echo: "žluť" } })}\n`,
  );
  for (const byte of line) it.input.write(Buffer.of(byte));
  const bodies = await it.bodies(2);

  expect(bodies[1]?.echo).toBe("žluť");
});

test("the topology is kept and acknowledged, and says who is next", async () => {
  const it = started("broadcast");
  await it.bodies(1);
  const before = it.node.neighbours;

  it.give("c1", { type: "topology", msg_id: 2, topology: { n1: ["n3"], n3: ["n1"] } });
  const bodies = await it.bodies(2);

  expect(before).toEqual(["n2", "n3"]);
  expect(bodies[1]).toEqual({ type: "topology_ok", in_reply_to: 2 });
  expect(it.node.neighbours).toEqual(["n3"]);
});

test("who does not read the answers is not sent more: reading stops until there is room", async () => {
  const it = new NodeOnStreams({ workload: "echo", outputBytes: 1024, isRead: false });
  let handled = 0;
  it.node.on("echo", ({ echo }) => {
    handled++;
    return { echo };
  });
  void it.node.run();
  it.init();

  for (let id = 2; id <= 201; id++) {
    it.give("c1", { type: "echo", msg_id: id, echo: "x".repeat(500) });
    await turn();
  }
  const handledWhileFull = handled;
  it.readOutput();
  const bodies = await it.bodies(201);

  expect(handledWhileFull).toBeLessThan(10);
  expect(bodies.at(-1)?.in_reply_to).toBe(201);
});

test("at the end of stdin what was begun is answered, timers end, and calls are given up", async () => {
  const it = new NodeOnStreams();
  let ticks = 0;
  let finish = () => {};
  it.node.every(1, () => {
    ticks++;
  });
  it.node.on("slow", async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return {};
  });
  const running = it.node.run();
  it.init();
  it.give("c1", { type: "slow", msg_id: 2 });
  await it.bodies(1);
  const call = it.node.rpc("n2", { type: "x" }, { timeoutMs: 60_000 });

  it.input.end();
  await expect(call).rejects.toMatchObject({ kind: "timeout", outcome: "unknown" });
  finish();
  await running;
  const ticksAtEnd = ticks;
  await new Promise((resolve) => setTimeout(resolve, 10));

  expect(it.sent.map(({ body }) => body.type)).toEqual(["init_ok", "x", "slow_ok"]);
  expect(ticks).toBe(ticksAtEnd);
});

test("timers begin with init, are never twice at work, and a failing one goes on", async () => {
  const it = new NodeOnStreams();
  const log: string[] = [];
  let isBusy = false;
  it.node.every(1, async () => {
    log.push(isBusy ? "twice" : "every");
    isBusy = true;
    await turn();
    isBusy = false;
    throw new Error("a failing timer");
  });
  it.node.after(1, () => {
    log.push("after");
  });
  it.node.after(1, () => {
    log.push("prevented");
  })();
  void it.node.run();

  await new Promise((resolve) => setTimeout(resolve, 5));
  const before = [...log];
  it.init();
  while (log.length < 5) await turn();
  it.input.end();

  expect(before).toEqual([]);
  expect(log.filter((word) => word === "after")).toHaveLength(1);
  expect(log).not.toContain("twice");
  expect(log).not.toContain("prevented");
  expect(it.log).toContain("a failing timer");
});

test("a reader of stdout that leaves is the end, and no failure", async () => {
  const it = started();

  await it.bodies(1);
  it.output.destroy(Object.assign(new Error("nobody reads"), { code: "EPIPE" }));

  await expect(it.running).resolves.toBeUndefined();
});

function started(workload?: "broadcast" | "echo" | "g-counter", lineBytesMax?: number) {
  const it = new NodeOnStreams({ ...(workload && { workload }), ...(lineBytesMax && { lineBytesMax }) });
  const running = it.node.run();
  it.init();
  return Object.assign(it, { running });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
