import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { InvariantViolation } from "../base/invariant.ts";
import type { Core, Input, Outbox } from "../protocols/core.ts";
import { Drive, type DriveHost, receivedCountMax } from "./drive.ts";
import { DiskFullError } from "./errors.ts";

interface Words {
  readonly message: string;
  readonly request: string;
  readonly record: string;
  readonly output: string;
}

/** Stores each request, sends and puts out what it says; breaks on "break". Remembers what it was given. */
class Parrot implements Core<Words, readonly string[]> {
  readonly batches: string[][] = [];

  step(inputs: readonly Input<Words>[], _now: number, out: Outbox<Words>): void {
    this.batches.push(inputs.map(name));
    for (const input of inputs) {
      if (input.kind !== "request") continue;
      out.persist(input.request);
      out.send("peer", input.request);
      out.sendAhead("peer", `ahead ${input.request}`);
      out.output(input.request);
      if (input.request === "break") throw new InvariantViolation("nothing breaks");
    }
  }

  inspect(): readonly string[] {
    return this.batches.flat();
  }
}

function name(input: Input<Words>): string {
  switch (input.kind) {
    case "receive":
      return input.message;
    case "request":
      return input.request;
    case "persisted":
      return `persisted ${input.count}`;
    case "link":
      return `${input.peer} ${input.up ? "up" : "down"}`;
    case "tick":
      return "tick";
  }
}

/** One write that the drive has asked for, to be ended by the test. */
interface Write {
  readonly records: readonly string[];
  end(): void;
  fail(error: unknown): void;
}

class Host implements DriveHost<Words> {
  readonly writes: Write[] = [];
  /** Everything let out, in order. */
  readonly effects: string[] = [];
  readonly failures: unknown[] = [];

  store(records: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.writes.push({ records: [...records], end: resolve, fail: reject });
    });
  }
  send(_to: string, message: string): void {
    this.effects.push(`send ${message}`);
  }
  output(output: string): void {
    this.effects.push(`output ${output}`);
  }
  stepped(): void {}
  diskFull(isFull: boolean): void {
    this.effects.push(isFull ? "full" : "room");
  }
  failed(error: unknown): void {
    this.failures.push(error);
  }
}

let core: Parrot;
let host: Host;
let drive: Drive<Words>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] });
  core = new Parrot();
  host = new Host();
  drive = new Drive(core, host, 20);
  drive.start();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets the drive step, and its promises settle. */
async function settle(): Promise<void> {
  for (let at = 0; at < 3; at++) await turn();
}

async function endWrite(at: number): Promise<void> {
  host.writes[at]?.end();
  await settle();
}

describe("a batch", () => {
  test("holds what was received first, then requests, then what became durable, and the tick last", async () => {
    drive.request("r1");
    await settle();
    vi.advanceTimersByTime(20);
    drive.request("r2");
    drive.receive("peer", "m1");
    drive.link("peer", false);
    drive.receive("peer", "m2");
    host.writes[0]?.end();
    await settle();

    expect(core.batches).toEqual([["r1"], ["m1", "peer down", "m2", "r2", "persisted 1", "tick"]]);
  });

  test("has one tick at the most, however late it is", async () => {
    vi.advanceTimersByTime(20 * 50);
    await settle();

    expect(core.batches).toEqual([["tick"]]);
    vi.advanceTimersByTime(20);
    await settle();
    expect(core.batches).toEqual([["tick"], ["tick"]]);
  });

  test("has one tick at the most even when missed ones are made up for, of which there is a limit", async () => {
    await drive.stop();
    const busy = new Drive(core, host, 20, 3);
    busy.start();
    vi.advanceTimersByTime(20);
    await settle();

    vi.advanceTimersByTime(20 * 50);
    for (let at = 0; at < 10; at++) await settle();

    expect(core.batches).toEqual(Array(1 + 4).fill(["tick"]));
    await busy.stop();
  });

  test("is bounded: a flood is taken in parts, and beyond a bound messages are lost, but no request", async () => {
    for (let at = 0; at < receivedCountMax + 10; at++) drive.receive("peer", `m${at}`);
    for (let at = 0; at < 3000; at++) drive.request(`r${at}`);

    for (let at = 0; at < 100; at++) await turn();

    expect(Math.max(...core.batches.map((batch) => batch.length))).toBeLessThanOrEqual(2 * 2048 + 2);
    const seen = core.inspect();
    expect(seen.filter((text) => text.startsWith("m"))).toHaveLength(receivedCountMax);
    const requests = seen.filter((text) => text.startsWith("r"));
    expect(requests).toEqual(Array.from({ length: 3000 }, (_, at) => `r${at}`));
    await endWrite(0);
  });

  test("is one step: nothing is stepped inside the call that asks", () => {
    drive.request("r1");

    expect(core.batches).toEqual([]);
  });
});

describe("a write", () => {
  test("does not hold up steps; what they ask to store meanwhile shares the next", async () => {
    drive.request("a");
    await settle();
    for (const text of ["b", "c", "d"]) {
      drive.request(text);
      await settle();
    }

    expect(core.batches).toHaveLength(4);
    expect(host.writes.map(({ records }) => records)).toEqual([["a"]]);
    await endWrite(0);
    expect(host.writes.map(({ records }) => records)).toEqual([["a"], ["b", "c", "d"]]);
    await endWrite(1);
    expect(core.batches.flat().filter((text) => text.startsWith("persisted"))).toEqual(["persisted 1", "persisted 4"]);
  });

  test("holds back what promises, and nothing else", async () => {
    drive.request("a");
    await settle();
    expect(host.effects).toEqual(["send ahead a", "output a"]);

    await endWrite(0);

    expect(host.effects).toEqual(["send ahead a", "output a", "send a"]);
  });

  test("stores at most 32 records", async () => {
    for (let at = 0; at < 80; at++) drive.request(`r${at}`);
    await settle();
    await endWrite(0);
    await endWrite(1);
    await endWrite(2);

    expect(host.writes.map(({ records }) => records.length)).toEqual([32, 32, 16]);
    expect(host.writes.flatMap(({ records }) => records)).toEqual(Array.from({ length: 80 }, (_, at) => `r${at}`));
  });

  test("that finds the disk full is tried again, the same records first, until there is room", async () => {
    drive.request("a");
    await settle();
    drive.request("b");
    host.writes[0]?.fail(new DiskFullError("here"));
    await settle();
    expect(host.effects).toContain("full");
    vi.advanceTimersByTime(250);
    await settle();
    host.writes[1]?.fail(new DiskFullError("here"));
    await settle();
    vi.advanceTimersByTime(250);
    await settle();
    await endWrite(2);
    await endWrite(3);

    expect(host.writes.map(({ records }) => records)).toEqual([["a"], ["a"], ["a"], ["b"]]);
    expect(host.effects.filter((text) => text === "full" || text === "room")).toEqual(["full", "room"]);
    expect(host.effects.filter((text) => text.startsWith("send") && !text.includes("ahead"))).toEqual([
      "send a",
      "send b",
    ]);
    expect(host.failures).toEqual([]);
  });

  test("that fails stops the drive: what it held back never leaves, and no step follows", async () => {
    drive.request("a");
    await settle();
    const failure = new Error("the disk is gone");

    host.writes[0]?.fail(failure);
    await settle();
    drive.request("b");
    vi.advanceTimersByTime(100);
    await settle();

    expect(host.failures).toEqual([failure]);
    expect(core.batches).toEqual([["a"]]);
    expect(host.effects).not.toContain("send a");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the end", () => {
  test("a broken invariant stops the drive, and lets nothing of its step out", async () => {
    drive.request("a");
    drive.request("break");
    await settle();

    expect(host.failures).toEqual([new InvariantViolation("nothing breaks")]);
    expect(host.effects).toEqual([]);
    expect(host.writes).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("stop waits for the write under way, begins no other, and leaves no timer", async () => {
    drive.request("a");
    await settle();
    drive.request("b");
    await settle();
    let isStopped = false;
    const stopping = drive.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);

    await endWrite(0);
    await stopping;
    drive.request("c");
    await settle();

    expect(host.writes).toHaveLength(1);
    expect(core.batches).toEqual([["a"], ["b"]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
