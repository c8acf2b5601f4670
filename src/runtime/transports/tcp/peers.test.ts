import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RecordingOwner } from "../../../../test/conformance/transport.ts";
import type { Bytes } from "../../../base/bytes.ts";
import { toUtf8 } from "../../../base/text.ts";
import { FrameReader, frameKinds, gather } from "./frames.ts";
import { encodeGreeting, type Greeting, GreetingReader } from "./handshake.ts";
import { retryMs } from "./link.ts";
import { type TcpOptions, type TcpTransport, tcpTransport } from "./tcp.ts";

/** A hand-made end of a connection to the transport under test. */
class RawEnd {
  readonly socket: Socket;
  readonly greeting: Promise<Greeting | undefined>;
  readonly closed: Promise<unknown>;
  readonly chunks: Bytes[] = [];
  readonly bodies: Bytes[] = [];
  answersPings = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {}); // being cut off is what these ends are made for
    this.closed = once(socket, "close");
    const greetings = new GreetingReader();
    const frames = new FrameReader(1024 * 1024);
    let greeted = false;
    this.greeting = new Promise((resolve) => {
      socket.on("close", () => resolve(undefined));
      socket.on("data", (chunk) => {
        const read = greeted ? { rest: chunk } : greetings.read(chunk);
        if (!read) return;
        greeted = true;
        if ("greeting" in read) resolve(read.greeting);
        if (read.rest.length > 0) this.#readFrames(frames, read.rest);
      });
    });
  }

  greet(change: Partial<Greeting> = {}): void {
    this.socket.write(encodeGreeting({ ...hello, ...change } as Greeting));
  }

  #readFrames(frames: FrameReader, chunk: Bytes): void {
    this.chunks.push(chunk);
    frames.push(chunk);
    for (let frame = frames.next(); frame; frame = frames.next()) {
      if (frame.kind === frameKinds.message) this.bodies.push(frame.body);
      if (frame.kind !== frameKinds.ping || !this.answersPings) continue;
      for (const piece of gather([{ kind: frameKinds.pong, body: new Uint8Array(0) }])) this.socket.write(piece);
    }
  }
}

const hello: Greeting = {
  kind: "hello",
  versions: { min: 1, max: 1 },
  session: 77,
  clusterId: "c",
  from: "b",
  to: "a",
};
const welcome: Partial<Greeting> = { kind: "welcome" };
const message = (body: Bytes) => Buffer.concat(gather([{ kind: frameKinds.message, body }]));

let owner: RecordingOwner;
let transport: TcpTransport;
let notices: string[];
let server: Server;
let ends: RawEnd[];
let accepted: RawEnd[];
let others: TcpTransport[];

beforeEach(() => {
  owner = new RecordingOwner("a", "c");
  notices = [];
  ends = [];
  accepted = [];
  others = [];
});

afterEach(async () => {
  await Promise.all([transport.close(), ...others.map((other) => other.close())]);
  for (const { socket } of [...ends, ...accepted]) socket.destroy();
  server?.close();
});

async function start(options: Partial<TcpOptions> = {}): Promise<void> {
  const listen = { host: "127.0.0.1", port: 0 };
  transport = tcpTransport({ listen, notice: (_, text) => notices.push(text), ...options });
  await transport.start(owner);
}

function dial(): RawEnd {
  const end = new RawEnd(connect(transport.port, "127.0.0.1"));
  ends.push(end);
  return end;
}

/** A place where the transport finds its member "b": each connection is given to `meet`. */
async function serveB(meet: (end: RawEnd) => void): Promise<void> {
  server = createServer((socket) => {
    const end = new RawEnd(socket);
    accepted.push(end);
    meet(end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  transport.setMembers([{ id: "b", address: `127.0.0.1:${(server.address() as AddressInfo).port}` }]);
}

/** A real member, which shows that the transport still serves. */
async function linkWithRealMember(): Promise<void> {
  const other = tcpTransport({ listen: { host: "127.0.0.1", port: 0 }, notice: () => {} });
  others.push(other);
  const otherOwner = new RecordingOwner("z", "c");
  await other.start(otherOwner);
  other.setMembers([{ id: "a", address: `127.0.0.1:${transport.port}` }]);
  await otherOwner.untilLast("a up");
  const count = owner.frames.length;
  other.send("a", toUtf8("alive"));
  await owner.until(({ frames }) => frames.length > count);
}

describe("a stranger at the port", () => {
  test.each([
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not Quorate's protocol"],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00", "not Quorate's protocol"],
    ["an absurd greeting", "QUOR\xff\xff", "a greeting of 65541 bytes"],
    [
      "an answer without a question",
      Buffer.from(encodeGreeting({ ...hello, kind: "welcome" })).toString("latin1"),
      "answered before",
    ],
  ])("that speaks %s is hung up on, with one line for all its tries", async (_, text, problem) => {
    await start();

    for (let round = 0; round < 3; round++) {
      const end = dial();
      end.socket.write(Buffer.from(text, "latin1"));
      await end.closed;
    }
    await linkWithRealMember();

    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(problem);
  });

  test("that only looks whether the port is open does no harm", async () => {
    await start();

    for (let round = 0; round < 3; round++) {
      const end = dial();
      await once(end.socket, "connect");
      end.socket.destroy();
    }
    await linkWithRealMember();

    expect(notices.length).toBeLessThanOrEqual(2);
  });

  test("that speaks too slowly is hung up on", async () => {
    await start({ handshakeMs: 60 });
    const end = dial();

    end.socket.write("QUO");
    await end.closed;

    expect(notices).toEqual(["closed a connection from 127.0.0.1: no handshake within 60 ms"]);
  });

  test("with many idle connections keeps no member out", async () => {
    await start({ handshakeMs: 60_000 });
    const idle = Array.from({ length: 70 }, dial);
    await Promise.all(idle.map(({ socket }) => once(socket, "connect")));

    await linkWithRealMember();
    await Promise.all(idle.slice(0, 6).map(({ closed }) => closed));

    expect(idle.slice(10).every(({ socket }) => !socket.destroyed)).toBe(true);
    expect(notices).toHaveLength(1);
  });

  test.each([
    ["of another cluster", { clusterId: "d" }, "cluster", "a belongs to cluster c"],
    ["of a later release", { versions: { min: 2, max: 3 } }, "version", "a speaks protocol versions 1 to 1"],
    ["that looks for another", { to: "x" }, "node", "this is a, not x"],
    ["under our own name", { from: "a" }, "node", "a is this end's own id"],
  ])("%s is told why it is refused, and that is logged once", async (_, change, mismatch, text) => {
    await start();

    const answers: (Greeting | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      const end = dial();
      end.greet(change);
      answers.push(await end.greeting);
      await end.closed;
    }

    expect(answers).toMatchObject(Array(3).fill({ kind: "refusal", from: "a", mismatch, text }));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(text);
    expect([owner.frames, owner.links]).toEqual([[], []]);
  });

  test("of the same cluster is heard, as a new member is before we know of it; too many are not, but members are", async () => {
    await start();
    const greetAs = async (from: string) => {
      const end = dial();
      end.greet({ from });
      return { end, answer: await end.greeting };
    };

    const strangers = await Promise.all(Array.from({ length: 16 }, (_, count) => greetAs(`s${count}`)));
    strangers[3]?.end.socket.write(message(toUtf8("hear me")));
    await owner.until(({ frames }) => frames.length > 0);
    const surplus = await greetAs("s16");
    transport.setMembers([{ id: "b", address: "127.0.0.1:1" }]);
    const member = await greetAs("b");

    expect(strangers.every(({ answer }) => answer?.kind === "welcome")).toBe(true);
    expect(owner.texts).toEqual(["s3 hear me"]);
    expect(surplus.answer).toMatchObject({ kind: "refusal", mismatch: "full" });
    expect(member.answer).toMatchObject({ kind: "welcome", from: "a", to: "b" });
  });

  test("that sends any bytes at all neither crashes nor stays", async () => {
    await start({ handshakeMs: 50 });
    const valid = Buffer.concat([encodeGreeting(hello), message(toUtf8("one")), message(new Uint8Array(3000))]);
    const mutated = fc.array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 });
    const stream = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.tuple(mutated, fc.nat({ max: valid.length })).map(([changes, end]) => {
        const copy = Buffer.from(valid);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy.subarray(0, end);
      }),
    );

    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 8 }), async (streams) => {
        const all = streams.map((bytes) => {
          const end = dial();
          end.socket.end(bytes);
          return end.closed;
        });
        await Promise.all(all);
        ends = [];
      }),
      { numRuns: 60 },
    );
    await linkWithRealMember();

    const known = owner.frames.every(({ frame }) => frame.length <= 3000);
    expect(known).toBe(true);
  });
});

describe("a member", () => {
  test("that refuses us is tried again and again, and that is logged once", async () => {
    await start({ random: () => 0 });
    let tries = 0;
    const fourTries = new Promise<void>((resolve) => {
      void serveB(async (end) => {
        await end.greeting;
        end.greet({ kind: "refusal", mismatch: "cluster", text: "b belongs to cluster d" } as Partial<Greeting>);
        end.socket.end();
        if (++tries === 4) resolve();
      });
    });

    await fourTries;

    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("it refused us (cluster): b belongs to cluster d");
    expect(owner.links).toEqual([]);
  });

  test.each([
    ["of another cluster", { ...welcome, clusterId: "d" }, "(cluster)"],
    ["with another name", { ...welcome, from: "x", to: "a" }, "(node)"],
    ["that dials where it should answer", {}, "both ends dialled"],
  ])("at the given address, but %s, is not linked with", async (_, change, problem) => {
    await start({ random: () => 0 });
    const twice = new Promise<void>((resolve) => {
      void serveB(async (end) => {
        await end.greeting;
        end.greet(change as Partial<Greeting>);
        if (accepted.length === 2) end.closed.then(() => resolve());
      });
    });

    await twice;

    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(problem);
    expect(owner.links).toEqual([]);
  });

  test("that sends a frame over the limit is cut off, with one line", async () => {
    await start({ frameBytesMax: 1000 });
    const end = dial();
    end.greet();
    await end.greeting;

    end.socket.write(message(new Uint8Array(1000)));
    end.socket.write(message(new Uint8Array(1001)));
    end.socket.write(message(new Uint8Array(10)));
    await end.closed;

    expect(owner.frames.map(({ frame }) => frame.length)).toEqual([1000]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("a frame of 1001 bytes, the limit is 1000");
  });

  test("is sent no frame over the limit; it is dropped, counted, and logged once", async () => {
    await start({ frameBytesMax: 1000 });
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });
    await owner.untilLast("b up");

    transport.send("b", new Uint8Array(1001));
    transport.send("b", new Uint8Array(1001));

    expect(notices).toEqual(["a frame of 1001 bytes to b was dropped: the limit is 1000"]);
    expect(transport.stats()).toMatchObject([{ framesSent: 0, framesDropped: 2, up: true }]);
  });

  test("is sent the frames of one turn in one piece", async () => {
    await start();
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });
    await owner.untilLast("b up");

    for (let count = 0; count < 100; count++) transport.send("b", new Uint8Array(100));
    await once(accepted[0]?.socket as Socket, "data");

    expect(accepted[0]?.chunks.map(({ length }) => length)).toEqual([100 * 105]);
  });

  test("that dies is down at once, and dialled again", async () => {
    await start();
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });
    await owner.untilLast("b up");
    const own = dial();
    own.greet();
    await own.greeting;

    for (const end of [own, ...accepted]) end.socket.resetAndDestroy();
    await owner.untilLast("b down");
    const [upAfterDeath, tries] = [transport.stats()[0]?.up, accepted.length];
    await owner.untilLast("b up");

    expect([upAfterDeath, tries]).toEqual([false, 1]);
    expect(owner.links).toEqual(["b up", "b down", "b up"]);
  });

  test("whose own connection breaks is down until it answers on ours", async () => {
    await start();
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });
    await owner.untilLast("b up");
    const own = dial();
    own.greet();
    await own.greeting;

    own.socket.resetAndDestroy();
    await owner.untilLast("b down");
    await owner.untilLast("b up");

    expect(owner.links).toEqual(["b up", "b down", "b up"]);
    expect(accepted).toHaveLength(1);
  });

  test("that only replaces its own connection is not taken for dead", async () => {
    await start();
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });
    await owner.untilLast("b up");
    const [first, second] = [dial(), dial()];
    first.greet();
    await first.greeting;

    second.greet();
    await Promise.all([second.greeting, first.closed]);
    second.socket.write(message(toUtf8("still here")));
    await owner.until(({ frames }) => frames.length > 0);

    expect(owner.links).toEqual(["b up"]);
  });

  test("that vanished without a word and is back is linked with anew, as soon as it dials", async () => {
    await start();
    let session = 77;
    await serveB(async (end) => {
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a", session });
    });
    await owner.untilLast("b up");

    session = 78;
    const own = dial();
    own.greet({ session });
    await own.greeting;
    await owner.until(({ links }) => links.length === 3);

    expect(owner.links).toEqual(["b up", "b down", "b up"]);
    expect(accepted).toHaveLength(2);
  });

  test("that answers no pings is given up; one that does is kept", async () => {
    await start({ beatMs: 10 });
    await serveB(async (end) => {
      end.answersPings = accepted.length > 1;
      await end.greeting;
      end.greet({ ...welcome, from: "b", to: "a" });
    });

    await owner.until(({ links }) => links.length === 3);
    const second = accepted[1] as RawEnd;
    for (let pings = 0; pings < 10; pings++) await once(second.socket, "data");

    expect(owner.links).toEqual(["b up", "b down", "b up"]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("silent for too long");
  });

  test("that connected and then vanished holds no connection here", async () => {
    await start({ beatMs: 10 });
    const end = dial();
    end.greet();
    await end.greeting;

    await end.closed;

    expect(owner.links).toEqual([]);
  });

  test("that dials us is dialled at once, however long we meant to wait", async () => {
    await start({ timers: { now: () => 0, after: () => () => {} } }); // the time for another try never comes
    const refused = createServer();
    refused.listen(0, "127.0.0.1");
    await once(refused, "listening");
    const { port } = refused.address() as AddressInfo;
    refused.close();
    await once(refused, "close");
    transport.setMembers([{ id: "b", address: `127.0.0.1:${port}` }]);
    while (notices.length === 0) await new Promise(setImmediate);

    const again = tcpTransport({ listen: { host: "127.0.0.1", port }, notice: () => {} });
    others.push(again);
    await again.start(new RecordingOwner("b", "c"));
    again.setMembers([{ id: "a", address: `127.0.0.1:${transport.port}` }]);
    await owner.untilLast("b up");

    expect(notices[0]).toContain("b cannot be reached");
  });

  test("is looked for at each of its addresses in turn", async () => {
    await start({ resolve: async () => ["127.0.0.2", "127.0.0.1"], random: () => 0 });
    server = createServer((socket) => {
      const end = new RawEnd(socket);
      accepted.push(end);
      end.greeting.then(() => end.greet({ ...welcome, from: "b", to: "a" }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");

    transport.setMembers([{ id: "b", address: `b.example:${(server.address() as AddressInfo).port}` }]);
    await owner.untilLast("b up");

    expect(notices).toHaveLength(1);
  });

  test("with an address that is none is named in the log, and does not stop the others", async () => {
    await start();

    transport.setMembers([{ id: "b", address: "nowhere" }]);
    await linkWithRealMember();

    expect(notices).toEqual(["b cannot be reached at nowhere: not an address of the form host:port"]);
  });
});

describe("tcpTransport", () => {
  test("waits longer after each failure, up to a second, never in step with others", () => {
    const waits = (random: () => number) => [0, 1, 2, 5, 6, 1000].map((failures) => retryMs(failures, random));

    expect(waits(() => 0)).toEqual([10, 20, 40, 320, 500, 500]);
    expect(waits(() => 1)).toEqual([20, 40, 80, 640, 1000, 1000]);
  });

  test.each([
    ["listen", { listen: { host: "127.0.0.1", port: 65_536 } }],
    ["frameBytesMax", { frameBytesMax: 0 }],
    ["queueBytesMax", { frameBytesMax: 1000, queueBytesMax: 1004 }],
    ["handshakeMs", { handshakeMs: 0 }],
    ["beatMs", { beatMs: Number.NaN }],
  ])("refuses an unusable %s", async (option, options) => {
    await start();

    const make = () => tcpTransport({ listen: { host: "127.0.0.1", port: 0 }, notice: () => {}, ...options });

    expect(make).toThrow(option);
  });

  test("says which listen address is not this machine's", async () => {
    await start();
    const elsewhere = tcpTransport({ listen: { host: "192.0.2.1", port: 0 }, notice: () => {} });

    const starting = elsewhere.start(new RecordingOwner("x"));

    await expect(starting).rejects.toMatchObject({ code: "QUORATE_OPTION", option: "listen" });
    await elsewhere.close();
  });
});
