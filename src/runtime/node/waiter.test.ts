import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NoLeaderError, type OperatingError } from "../errors.ts";
import { Applied } from "./applied.ts";
import { Proposals } from "./proposals.ts";
import { Waiters, waitingMax } from "./waiter.ts";

let waiters: Waiters;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  waiters = new Waiters(() => undefined);
});
afterEach(() => {
  waiters.close(undefined);
  vi.useRealTimers();
});

const late = (waitedMs: number) => new NoLeaderError(waitedMs);

/** Waits for nothing; tells whether the wait is still known to who would end it. */
function wait(options: { signal?: AbortSignal; timeoutMs?: number } = {}) {
  let isKnown = false;
  const waiting = waiters.wait<number>({ timeoutMs: 1000, ...options }, late, () => {
    isKnown = true;
    return () => {
      isKnown = false;
    };
  });
  return { waiting, isKnown: () => isKnown };
}

describe("a wait", () => {
  test("ends when its time is up, and not before", async () => {
    const { waiting, isKnown } = wait({ timeoutMs: 100 });
    const failing = expect(waiting).rejects.toThrow("no leader within 100 ms");

    vi.advanceTimersByTime(99);
    expect([waiters.count, isKnown()]).toEqual([1, true]);
    vi.advanceTimersByTime(25);

    await failing;
    expect([waiters.count, isKnown()]).toEqual([0, false]);
  });

  test("ends with the node, and none begins after that", async () => {
    const { waiting, isKnown } = wait();
    const cause = new Error("broken");

    waiters.close(cause);

    await expect(waiting).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "not-applied", cause });
    await expect(wait().waiting).rejects.toMatchObject({ code: "QUORATE_CLOSED", cause });
    expect([waiters.count, isKnown()]).toEqual([0, false]);
  });

  test("of one more caller than are allowed is refused as busy, until another ends", async () => {
    const controller = new AbortController();
    const first = wait({ signal: controller.signal });
    const rest = Array.from({ length: waitingMax - 1 }, () => wait().waiting);

    await expect(wait().waiting).rejects.toMatchObject({ code: "QUORATE_BUSY", outcome: "not-applied" });
    controller.abort();
    await expect(first.waiting).rejects.toMatchObject({ code: "QUORATE_ABORTED" });
    const next = wait();

    expect(waiters.count).toBe(waitingMax);
    waiters.close(undefined);
    await Promise.allSettled([...rest, next.waiting]);
  });
});

describe("a signal", () => {
  test("shared by thousands has one listener while they wait, and none after", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const waits = Array.from({ length: 10_000 }, () => wait({ signal }).waiting);

    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    controller.abort("enough");
    const ended = await Promise.allSettled(waits);

    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
    expect(ended[0]).toMatchObject({ reason: { code: "QUORATE_ABORTED", outcome: "not-applied", cause: "enough" } });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(waiters.count).toBe(0);
  });

  test("that is aborted already keeps a wait from beginning", async () => {
    const { waiting, isKnown } = wait({ signal: AbortSignal.abort() });

    await expect(waiting).rejects.toMatchObject({ code: "QUORATE_ABORTED", outcome: "not-applied" });
    expect(isKnown()).toBe(false);
  });

  test("keeps no listener of a wait that succeeded", async () => {
    const { signal } = new AbortController();
    const applied = new Applied(0, waiters);
    const reaching = [1, 2, 2].map((index) => applied.reached(index, { signal, timeoutMs: 1000 }));

    applied.advance(1);
    await reaching[0];
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    applied.advance(2);
    await Promise.all(reaching);

    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(waiters.count).toBe(0);
  });
});

test("twenty thousand proposals that wait for a leader end when their time is up", () => {
  const sent: number[] = [];
  let id = 0;
  const proposals = new Proposals(
    (ask) => sent.push("id" in ask ? ask.id : 0),
    () => ++id,
    waiters,
    100,
  );
  const failures: OperatingError[] = [];
  for (let at = 0; at < waitingMax; at++) {
    const failed = (error: OperatingError) => failures.push(error);
    proposals.submit(
      { payload: new Uint8Array(1), isRepeatable: true, committed: () => undefined, failed },
      {
        timeoutMs: 100,
      },
    );
  }
  for (const id of sent) proposals.take({ kind: "refused", id, reason: "no-leader", leader: undefined });

  vi.advanceTimersByTime(125);

  expect(failures).toHaveLength(waitingMax);
  expect(failures[0]).toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "not-applied" });
  expect(waiters.count).toBe(0);
});
