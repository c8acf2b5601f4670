import { describe, expect, test } from "vitest";
import { RecordingOwner, type TransportNetwork, transportConformance } from "../../../test/conformance/transport.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import { type FaultyTransport, withFaults } from "./faults.ts";
import { MemoryNetwork } from "./memory.ts";
import type { Timers } from "./timers.ts";
import type { Transport } from "./transport.ts";

function faultyNetwork(): TransportNetwork {
  const network = new MemoryNetwork();
  const addresses = new Map<Transport, string>();
  return {
    open: ({ address = `place-${addresses.size}`, queueBytesMax }) => {
      const transport = withFaults(network.transport(address, queueBytesMax === undefined ? {} : { queueBytesMax }));
      addresses.set(transport, address);
      return transport;
    },
    addressOf: (transport) => addresses.get(transport) ?? "",
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 10_000,
  };
}

transportConformance("faults over memory", faultyNetwork);

/** Time that passes when told to. */
class ManualTimers implements Timers {
  #nowMs = 0;
  #waiting = new Map<() => void, number>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    this.#waiting.set(callback, this.#nowMs + ms);
    return () => this.#waiting.delete(callback);
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#waiting].filter(([, dueMs]) => dueMs <= endMs).sort((x, y) => x[1] - y[1])[0];
      if (!due) break;
      this.#waiting.delete(due[0]);
      this.#nowMs = due[1];
      due[0]();
    }
    this.#nowMs = endMs;
  }

  get waiting(): number {
    return this.#waiting.size;
  }
}

/** A sender whose frames are looked at as they leave for the transport below. */
function sender(): { a: FaultyTransport; timers: ManualTimers; left: string[] } {
  const timers = new ManualTimers();
  const left: string[] = [];
  const below = new MemoryNetwork().transport("a");
  const watched: Transport = {
    start: (owner) => below.start(owner),
    setMembers: (members) => below.setMembers(members),
    send: (to, frame) => left.push(`${to} ${fromUtf8(frame)}`),
    stats: () => [{ peer: "b", up: true, framesSent: 0, framesReceived: 0, framesDropped: 0, bytesQueued: 0 }],
    close: () => below.close(),
  };
  return { a: withFaults(watched, timers), timers, left };
}

describe("faults", () => {
  test("a cut drops frames, counts them, and reports no broken link", async () => {
    const network = new MemoryNetwork();
    const [a, b] = [withFaults(network.transport("a")), network.transport("b")];
    const [ownerA, ownerB] = [new RecordingOwner("a"), new RecordingOwner("b")];
    await Promise.all([a.start(ownerA), b.start(ownerB)]);
    a.setMembers([{ id: "b", address: "b" }]);
    b.setMembers([{ id: "a", address: "a" }]);
    await ownerA.untilLast("b up");
    a.setFaults([{ peer: "b", cut: true }]);

    a.send("b", toUtf8("lost"));
    b.send("a", toUtf8("the other way is open"));
    await ownerA.until(({ frames }) => frames.length > 0);
    a.setFaults([]);
    a.send("b", toUtf8("healed"));
    await ownerB.until(({ frames }) => frames.length > 0);

    expect(ownerB.texts).toEqual(["a healed"]);
    expect(ownerA.links).toEqual(["b up"]);
    expect(a.stats()).toMatchObject([{ peer: "b", up: true, framesSent: 1, framesDropped: 1 }]);
    await Promise.all([a.close(), b.close()]);
  });

  test("a delayed frame leaves when its time has come, others are not held up", () => {
    const { a, timers, left } = sender();
    a.setFaults([{ peer: "b", delayMs: 100 }]);

    a.send("b", toUtf8("1"));
    timers.pass(60);
    a.send("b", toUtf8("2"));
    a.send("c", toUtf8("at once"));
    timers.pass(39);
    const before = [...left];
    timers.pass(1);
    const first = [...left];
    timers.pass(60);

    expect(before).toEqual(["c at once"]);
    expect(first).toEqual(["c at once", "b 1"]);
    expect(left).toEqual(["c at once", "b 1", "b 2"]);
    expect(timers.waiting).toBe(0);
  });

  test("a shorter delay holds for what is already held back, and keeps the order", () => {
    const { a, timers, left } = sender();
    a.setFaults([{ peer: "b", delayMs: 1000 }]);
    a.send("b", toUtf8("1"));
    a.send("b", toUtf8("2"));

    a.setFaults([{ peer: "b", delayMs: 10 }]);
    a.send("b", toUtf8("3"));
    timers.pass(10);

    expect(left).toEqual(["b 1", "b 2", "b 3"]);
  });

  test("healing lets go of what was held back, in order and before anything newer", () => {
    const { a, timers, left } = sender();
    a.setFaults([{ peer: "b", delayMs: 1000 }]);
    a.send("b", toUtf8("1"));
    a.send("b", toUtf8("2"));

    a.setFaults([]);
    a.send("b", toUtf8("3"));

    expect(left).toEqual(["b 1", "b 2", "b 3"]);
    expect(timers.waiting).toBe(0);
  });

  test("what is held back is lost when its way is cut or the transport closes", async () => {
    const { a, timers, left } = sender();
    a.setFaults([{ peer: "b", delayMs: 50 }]);
    a.send("b", toUtf8("1"));
    a.setFaults([{ peer: "b", cut: true }]);
    const dropped = a.stats()[0]?.framesDropped;
    a.setFaults([{ peer: "b", delayMs: 50 }]);
    a.send("b", toUtf8("2"));

    await a.close();
    timers.pass(100);

    expect([dropped, left, timers.waiting]).toEqual([1, [], 0]);
  });

  test("what is held back is bounded; the newest frames are dropped", () => {
    const { a, left } = sender();
    const frame = new Uint8Array(1024 * 1024);
    a.setFaults([{ peer: "b", delayMs: 50 }]);

    for (let count = 0; count < 70; count++) a.send("b", frame);
    const held = a.stats()[0];
    a.setFaults([]);

    expect(held).toMatchObject({ framesDropped: 6, bytesQueued: 64 * 1024 * 1024 });
    expect(left).toHaveLength(64);
  });

  test.each([-1, Number.NaN, 60_001])("a delay of %d ms is refused and changes nothing", (delayMs) => {
    const { a, left } = sender();

    expect(() =>
      a.setFaults([
        { peer: "c", cut: true },
        { peer: "b", delayMs },
      ]),
    ).toThrow("delayMs");
    a.send("c", toUtf8("x"));

    expect(left).toEqual(["c x"]);
  });
});
