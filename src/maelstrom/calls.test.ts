import { expect, test, vi } from "vitest";
import { NodeOnStreams } from "../../test/support/maelstrom-streams.ts";
import type { Body } from "./messages.ts";

test("an answer settles the call that it is for, and late ones are dropped", async () => {
  const it = await started();

  const first = it.node.rpc("n2", { type: "ask", what: 1 });
  const second = it.node.rpc("n3", { type: "ask", what: 2 });
  const [, one, two] = await it.bodies(3);
  it.answer("n3", { type: "ask_ok", in_reply_to: two?.msg_id, is: "second" });
  it.answer("n2", { type: "ask_ok", in_reply_to: one?.msg_id, is: "first" });
  it.answer("n2", { type: "ask_ok", in_reply_to: one?.msg_id, is: "late" });

  expect([(await first).is, (await second).is]).toEqual(["first", "second"]);
  expect(it.sent.slice(1).map(({ src, dest }) => [src, dest])).toEqual([
    ["n1", "n2"],
    ["n1", "n3"],
  ]);
});

test("an error is thrown by its kind, and says whether anything happened", async () => {
  const it = await started();
  const failures = [20, 13, 1234].map(async (code, at) => {
    const call = it.node.rpc("n2", { type: "ask" }).catch((error: unknown) => error);
    const bodies = await it.bodies(2 + at);
    it.answer("n2", { type: "error", in_reply_to: bodies.at(-1)?.msg_id, code, text: "no" });
    return await call;
  });

  expect(await Promise.all(failures)).toMatchObject([
    { kind: "key-does-not-exist", number: 20, outcome: "not-applied", retry: "never", message: "no" },
    { kind: "crash", number: 13, outcome: "unknown" },
    { kind: undefined, number: 1234, outcome: "unknown" },
  ]);
});

test("silence is met by the same request again, after ever longer waits, and in the end by a timeout", async () => {
  vi.useFakeTimers();
  try {
    const it = await started();

    const call = it.node.rpc("n2", { type: "ask" }, { timeoutMs: 100, tries: 3 });
    const failure = expect(call).rejects.toMatchObject({ kind: "timeout", outcome: "unknown" });
    const counts: number[] = [];
    for (const ms of [126, 94, 160, 400]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(it.sent.length - 1);
    }
    await failure;

    expect(counts).toEqual([2, 2, 3, 3]);
    expect(new Set(it.sent.slice(1).map(({ body }) => body.msg_id)).size).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("who is not able now is asked again; an answer to any try is an answer", async () => {
  const it = await started();

  const call = it.node.rpc("n2", { type: "ask" }, { timeoutMs: 1, tries: 50 });
  const [, body] = await it.bodies(2);
  it.answer("n2", { type: "error", in_reply_to: body?.msg_id, code: 11 });
  await it.bodies(3);
  it.answer("n2", { type: "ask_ok", in_reply_to: body?.msg_id });

  await expect(call).resolves.toMatchObject({ type: "ask_ok" });
});

test("one try that is put off says so; a signal ends the wait", async () => {
  const it = await started();
  const stop = new AbortController();

  const putOff = it.node.rpc("n2", { type: "ask" });
  const [, body] = await it.bodies(2);
  it.answer("n2", { type: "error", in_reply_to: body?.msg_id, code: 11, text: "later" });
  const endless = it.node.rpc("n2", { type: "ask" }, { tries: Number.POSITIVE_INFINITY, signal: stop.signal });
  stop.abort();

  await expect(putOff).rejects.toMatchObject({ kind: "temporarily-unavailable", outcome: "not-applied" });
  await expect(endless).rejects.toMatchObject({ kind: "timeout" });
  await expect(it.node.rpc("n2", { type: "ask" }, { signal: stop.signal })).rejects.toMatchObject({ kind: "abort" });
});

test("a call without a bound of time waits; one that is no JSON fails at once", async () => {
  const it = await started();
  const waiting = it.node.rpc("n2", { type: "ask" }, { timeoutMs: Number.POSITIVE_INFINITY });
  const [, body] = await it.bodies(2);
  const failing = it.node.rpc("n2", { type: "ask", what: 1n }).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 20)); // the timer that must not end
  it.answer("n2", { type: "ask_ok", in_reply_to: body?.msg_id });

  await expect(waiting).resolves.toMatchObject({ type: "ask_ok" });
  expect(await failing).toBeInstanceOf(TypeError);
  expect(it.sent).toHaveLength(2);
});

async function started(): Promise<NodeOnStreams & { answer(src: string, body: unknown): void }> {
  const it = new NodeOnStreams();
  void it.node.run();
  it.init();
  await it.bodies(1);
  return Object.assign(it, { answer: (src: string, body: unknown) => it.give(src, body as Body) });
}
