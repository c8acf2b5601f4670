import { once } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hello, messageFrame, TcpBench } from "../../../../test/support/tcp-bench.ts";
import { toUtf8 } from "../../../base/text.ts";
import { encodeGreeting, type Greeting } from "../links/handshake.ts";

let bench: TcpBench;

beforeEach(() => {
  bench = new TcpBench();
});

afterEach(() => bench.close());

describe("a stranger at the port", () => {
  test.each([
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not Quorate's protocol"],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00", "TLS, where this end speaks none"],
    ["an absurd greeting", "QUOR\xff\xff", "a greeting of 65541 bytes"],
    [
      "an answer without a question",
      Buffer.from(encodeGreeting({ ...hello, kind: "welcome" })).toString("latin1"),
      "answered before",
    ],
  ])("that speaks %s is hung up on, with one line for all its tries", async (_, text, problem) => {
    await bench.start();

    for (let round = 0; round < 3; round++) {
      const end = bench.dial();
      end.socket.write(Buffer.from(text, "latin1"));
      await end.closed;
    }
    await bench.linkWithRealMember();

    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain(problem);
  });

  test("that only looks whether the port is open does no harm", async () => {
    await bench.start();

    for (let round = 0; round < 3; round++) {
      const end = bench.dial();
      await once(end.socket, "connect");
      end.socket.destroy();
    }
    await bench.linkWithRealMember();

    expect(bench.notices.length).toBeLessThanOrEqual(2);
  });

  test("that speaks too slowly is hung up on", async () => {
    await bench.start({ handshakeMs: 60 });
    const end = bench.dial();

    end.socket.write("QUO");
    await end.closed;

    expect(bench.notices).toEqual(["closed a connection from 127.0.0.1: no handshake within 60 ms"]);
  });

  test("with many idle connections keeps no member out", async () => {
    await bench.start({ handshakeMs: 60_000 });
    const idle = Array.from({ length: 70 }, () => bench.dial());
    await Promise.all(idle.map(({ socket }) => once(socket, "connect")));

    await bench.linkWithRealMember();
    await Promise.all(idle.slice(0, 6).map(({ closed }) => closed));

    expect(idle.slice(10).every(({ socket }) => !socket.destroyed)).toBe(true);
    expect(bench.notices).toHaveLength(1);
  });

  test.each([
    ["of another cluster", { clusterId: "d" }, "cluster", "a belongs to cluster c"],
    ["of a later release", { versions: { min: 3, max: 4 } }, "version", "a speaks protocol versions 1 to 2"],
    ["that looks for another", { to: "x" }, "node", "this is a, not x"],
    ["under our own name", { from: "a" }, "node", "a is this end's own id"],
    ["of another protocol", { protocol: "multi-paxos" }, "protocol", "a runs raft, and so must all members"],
  ])("%s is told why it is refused, and that is logged once", async (_, change, mismatch, text) => {
    await bench.start();

    const answers: (Greeting | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      const end = bench.dial();
      end.greet(change);
      answers.push(await end.greeting);
      await end.closed;
    }

    expect(answers).toMatchObject(Array(3).fill({ kind: "refusal", from: "a", mismatch, text }));
    expect(bench.notices).toHaveLength(1);
    expect(bench.notices[0]).toContain(text);
    expect([bench.owner.frames, bench.owner.links]).toEqual([[], []]);
  });

  test("of the same cluster is heard, as a new member is before we know of it; too many are not, but members are", async () => {
    await bench.start();
    const greetAs = async (from: string) => {
      const end = bench.dial();
      end.greet({ from });
      return { end, answer: await end.greeting };
    };

    const strangers = await Promise.all(Array.from({ length: 16 }, (_, count) => greetAs(`s${count}`)));
    strangers[3]?.end.socket.write(messageFrame(toUtf8("hear me")));
    await bench.owner.until(({ frames }) => frames.length > 0);
    const surplus = await greetAs("s16");
    bench.transport.setMembers([{ id: "b", address: "127.0.0.1:1" }]);
    const member = await greetAs("b");

    expect(strangers.every(({ answer }) => answer?.kind === "welcome")).toBe(true);
    expect(bench.owner.texts).toEqual(["s3 hear me"]);
    expect(surplus.answer).toMatchObject({ kind: "refusal", mismatch: "full" });
    expect(member.answer).toMatchObject({ kind: "welcome", from: "a", to: "b" });
  });

  test("that sends any bytes at all neither crashes nor stays", async () => {
    await bench.start({ handshakeMs: 50 });
    const valid = Buffer.concat([
      encodeGreeting(hello),
      messageFrame(toUtf8("one")),
      messageFrame(new Uint8Array(3000)),
    ]);
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
          const end = bench.dial();
          end.socket.end(bytes);
          return end.closed;
        });
        await Promise.all(all);
      }),
      { numRuns: 60 },
    );
    await bench.linkWithRealMember();

    const known = bench.owner.frames.every(({ frame }) => frame.length <= 3000);
    expect(known).toBe(true);
  });
});
