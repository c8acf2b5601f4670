import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RecordingOwner } from "../../../../test/conformance/transport.ts";
import { messageFrame, type RawEnd, TcpBench, welcome } from "../../../../test/support/tcp-bench.ts";
import { toUtf8 } from "../../../base/text.ts";
import type { Greeting } from "../links/handshake.ts";
import { tcpTransport } from "./tcp.ts";

let bench: TcpBench;

beforeEach(() => {
  bench = new TcpBench();
});

afterEach(() => bench.close());

async function welcomeUs(end: RawEnd): Promise<void> {
  await end.greeting;
  end.greet(welcome);
}

describe("a member", () => {
  test("that refuses us is tried again and again, and that is logged once", async () => {
    await bench.start({ random: () => 0 });
    let tries = 0;
    const fourTries = new Promise<void>((resolve) => {
      void bench.serveB(async (end) => {
        await end.greeting;
        end.greet({ kind: "refusal", mismatch: "cluster", text: "b belongs to cluster d" } as Partial<Greeting>);
        end.socket.end();
        if (++tries === 4) resolve();
      });
    });

    await fourTries;

    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain("it refused us (cluster): b belongs to cluster d");
    expect(bench.owner.links).toEqual([]);
  });

  test.each([
    ["of another cluster", { ...welcome, clusterId: "d" }, "(cluster)"],
    ["with another name", { ...welcome, from: "x", to: "a" }, "(node)"],
    ["that dials where it should answer", {}, "both ends dialled"],
  ])("at the given address, but %s, is not linked with", async (_, change, problem) => {
    await bench.start({ random: () => 0 });
    const twice = new Promise<void>((resolve) => {
      void bench.serveB(async (end) => {
        await end.greeting;
        end.greet(change as Partial<Greeting>);
        await end.closed;
        if (bench.accepted.length === 2) resolve();
      });
    });

    await twice;

    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain(problem);
    expect(bench.owner.links).toEqual([]);
  });

  test("that sends a frame over the limit is cut off, with one line", async () => {
    await bench.start({ frameBytesMax: 1000 });
    const end = bench.dial();
    end.greet();
    await end.greeting;

    end.socket.write(messageFrame(new Uint8Array(1000)));
    end.socket.write(messageFrame(new Uint8Array(1001)));
    end.socket.write(messageFrame(new Uint8Array(10)));
    await end.closed;

    expect(bench.owner.frames.map(({ frame }) => frame.length)).toEqual([1000]);
    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain("a frame of 1001 bytes, the limit is 1000");
  });

  test("is sent no frame over the limit; it is dropped, counted, and logged once", async () => {
    await bench.start({ frameBytesMax: 1000 });
    await bench.serveB(welcomeUs);
    await bench.owner.untilLast("b up");

    bench.transport.send("b", new Uint8Array(1001));
    bench.transport.send("b", new Uint8Array(1001));

    expect(bench.notices).toEqual(["a frame of 1001 bytes to b was dropped: the limit is 1000"]);
    expect(bench.transport.stats()).toMatchObject([{ framesSent: 0, framesDropped: 2, up: true }]);
  });

  test("is sent the frames of one turn in one piece", async () => {
    await bench.start();
    await bench.serveB(welcomeUs);
    await bench.owner.untilLast("b up");

    for (let count = 0; count < 100; count++) bench.transport.send("b", new Uint8Array(100));
    await once(bench.accepted[0]?.socket as Socket, "data");

    expect(bench.accepted[0]?.chunks.map(({ length }) => length)).toEqual([100 * 105]);
  });

  test("that dies is down at once, and dialled again", async () => {
    await bench.start();
    await bench.serveB(welcomeUs);
    await bench.owner.untilLast("b up");
    const own = bench.dial();
    own.greet();
    await own.greeting;

    for (const end of [own, ...bench.accepted]) end.socket.resetAndDestroy();
    await bench.owner.untilLast("b down");
    const [upAfterDeath, tries] = [bench.transport.stats()[0]?.up, bench.accepted.length];
    await bench.owner.untilLast("b up");

    expect([upAfterDeath, tries]).toEqual([false, 1]);
    expect(bench.owner.links).toEqual(["b up", "b down", "b up"]);
  });

  test("whose own connection breaks is down until it answers on ours", async () => {
    await bench.start();
    await bench.serveB(welcomeUs);
    await bench.owner.untilLast("b up");
    const own = bench.dial();
    own.greet();
    await own.greeting;

    own.socket.resetAndDestroy();
    await bench.owner.untilLast("b down");
    await bench.owner.untilLast("b up");

    expect(bench.owner.links).toEqual(["b up", "b down", "b up"]);
    expect(bench.accepted).toHaveLength(1);
  });

  test("that only replaces its own connection is not taken for dead", async () => {
    await bench.start();
    await bench.serveB(welcomeUs);
    await bench.owner.untilLast("b up");
    const [first, second] = [bench.dial(), bench.dial()];
    first.greet();
    await first.greeting;

    second.greet();
    await Promise.all([second.greeting, first.closed]);
    second.socket.write(messageFrame(toUtf8("still here")));
    await bench.owner.until(({ frames }) => frames.length > 0);

    expect(bench.owner.links).toEqual(["b up"]);
  });

  test("that vanished without a word and is back is linked with anew, as soon as it dials", async () => {
    await bench.start();
    let session = 77;
    await bench.serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, session });
    });
    await bench.owner.untilLast("b up");

    session = 78;
    const own = bench.dial();
    own.greet({ session });
    await own.greeting;
    await bench.owner.until(({ links }) => links.length === 3);

    expect(bench.owner.links).toEqual(["b up", "b down", "b up"]);
    expect(bench.accepted).toHaveLength(2);
  });

  test("that answers no pings is given up; one that does is kept", async () => {
    await bench.start({ beatMs: 10 });
    await bench.serveB(async (end) => {
      end.answersPings = bench.accepted.length > 1;
      await welcomeUs(end);
    });

    await bench.owner.until(({ links }) => links.length === 3);
    const second = bench.accepted[1] as RawEnd;
    for (let pings = 0; pings < 10; pings++) await once(second.socket, "data");

    expect(bench.owner.links).toEqual(["b up", "b down", "b up"]);
    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain("silent for too long");
  });

  test("that connected and then vanished holds no connection here", async () => {
    await bench.start({ beatMs: 10 });
    const end = bench.dial();
    end.greet();
    await end.greeting;

    await end.closed;

    expect(bench.owner.links).toEqual([]);
  });

  test("that dials us is dialled at once, however long we meant to wait", async () => {
    await bench.start({ timers: { now: () => 0, after: () => () => {} } }); // the time for another try never comes
    const refused = createServer();
    refused.listen(0, "127.0.0.1");
    await once(refused, "listening");
    const { port } = refused.address() as AddressInfo;
    refused.close();
    await once(refused, "close");
    bench.transport.setMembers([{ id: "b", address: `127.0.0.1:${port}` }]);
    while (bench.notices.length === 0) await new Promise(setImmediate);

    const again = tcpTransport({ listen: { host: "127.0.0.1", port }, notice: () => {} });
    bench.others.push(again);
    await again.start(new RecordingOwner("b", "c"));
    again.setMembers([{ id: "a", address: `127.0.0.1:${bench.transport.port}` }]);
    await bench.owner.untilLast("b up");

    expect(bench.notices[0]).toContain("b cannot be reached");
  });

  test("is looked for at each of its addresses in turn", async () => {
    await bench.start({ resolve: async () => ["127.0.0.2", "127.0.0.1"], random: () => 0 });

    await bench.serveB(welcomeUs, "b.example");
    await bench.owner.untilLast("b up");

    expect(bench.notices).toHaveLength(1);
  });

  test("with an address that is none is named in the log, and does not stop the others", async () => {
    await bench.start();

    bench.transport.setMembers([{ id: "b", address: "nowhere" }]);
    await bench.linkWithRealMember();

    expect(bench.notices).toEqual(["b cannot be reached at nowhere: not an address of the form host:port"]);
  });
});
