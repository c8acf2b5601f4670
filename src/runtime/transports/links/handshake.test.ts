import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError } from "../../../base/errors.ts";
import { encodeGreeting, findMismatch, type Greeting, GreetingReader, type Identity } from "./handshake.ts";

const hello: Greeting = {
  kind: "hello",
  versions: { min: 1, max: 2 },
  session: 2 ** 47 + 5,
  clusterId: "prod-é",
  from: "n1",
  to: "n2",
};
const refusal: Greeting = { ...hello, kind: "refusal", mismatch: "cluster", text: "n2 belongs to cluster x" };

describe("greetings", () => {
  test.each([hello, { ...hello, kind: "welcome" } as Greeting, refusal])(
    "$kind comes out as it went in",
    (greeting) => {
      const read = new GreetingReader().read(encodeGreeting(greeting));

      expect(read?.greeting).toEqual(greeting);
      expect(read?.rest).toHaveLength(0);
    },
  );

  test("take no byte of what follows them, however the stream is cut", () => {
    const bytes = encodeGreeting(hello);
    const stream = Buffer.concat([bytes, Uint8Array.of(1, 2, 3)]);

    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new GreetingReader();
      expect(reader.read(stream.subarray(0, cut))).toBeUndefined();
      const read = reader.read(stream.subarray(cut));
      expect(read?.greeting).toEqual(hello);
      expect([...(read?.rest ?? [])]).toEqual([1, 2, 3]);
    }
  });

  test("version 1 looks like this for ever", () => {
    const greeting: Greeting = { ...refusal, versions: { min: 1, max: 1 }, session: 1, clusterId: "c", text: "t" };

    const hex = Buffer.from(encodeGreeting(greeting)).toString("hex");

    expect(hex).toBe("51554f52000f020101010163026e31026e32020174");
  });

  test("fields and reasons that a later release appends are passed over", () => {
    const named = { ...refusal, protocol: "raft" };
    const bytes = Buffer.concat([encodeGreeting(named), Uint8Array.of(7, 7)]);
    bytes.writeUInt16BE(bytes.length - 6, 4);
    const reasonAt = bytes.length - 2 - 5 - (refusal.kind === "refusal" ? refusal.text.length : 0) - 2;
    bytes[reasonAt] = 200;

    const read = new GreetingReader().read(bytes);

    expect(read?.greeting).toEqual({ ...named, mismatch: "other" });
    expect(read?.rest).toHaveLength(0);
  });

  test.each([
    ["HTTP", "GET / HTTP/1.1\r\n", "not Quorate's protocol"],
    ["one wrong byte", "R", "not Quorate's protocol"],
    ["a wrong byte after a right one", "QX", "not Quorate's protocol"],
    ["an absurd length", "QUOR\xff\xff", "a greeting of 65541 bytes"],
    ["an unknown kind", "QUOR\0\x01\x09", "unknown kind of greeting"],
    ["a short body", "QUOR\0\x02\0\x01", "ends too early"],
    ["versions the wrong way round", "QUOR\0\x03\0\x02\x01", "no version is spoken"],
    ["control characters", "QUOR\0\x0c\0\x01\x01\x01\x01\x1b\x02n1\x02n2", "control characters"],
    ["what is no address either", "QUOR\0\x0e\0\x01\x01\x01\x01c\x04n1:0\x02n2", "without node ids"],
    ["what is no node id", "QUOR\0\x0c\0\x01\x01\x01\x01c\x02n \x02n2", "without node ids"],
  ])("%s is refused", (_, text, problem) => {
    expect(() => new GreetingReader().read(Buffer.from(text, "latin1"))).toThrow(problem);
  });

  test("any bytes, and any change of true ones, give a greeting or a MalformedError, from little memory", () => {
    const bytes = encodeGreeting(refusal);
    const changed = fc
      .array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 2000 })), (chunk) => {
        try {
          const read = new GreetingReader().read(chunk);
          expect(read?.greeting.session ?? 0).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a mismatch", () => {
  const ours: Identity = { versions: { min: 2, max: 3 }, session: 1, clusterId: "c", from: "n1", to: "n2" };
  const theirs: Identity = { versions: { min: 3, max: 4 }, session: 2, clusterId: "c", from: "n2", to: "n1" };

  test("is found with a release that knows no other protocol than Raft, where another is run", () => {
    const news = { ...ours, protocol: "multi-paxos" };

    expect(findMismatch(news, theirs)?.mismatch).toBe("protocol");
    expect(findMismatch({ ...ours, protocol: "raft" }, theirs)).toBeUndefined();
    expect(findMismatch(news, { ...theirs, protocol: "multi-paxos" })).toBeUndefined();
  });

  test("is not found between releases that share a version", () => {
    expect(findMismatch(ours, theirs)).toBeUndefined();
    expect(findMismatch(theirs, ours)).toBeUndefined();
  });

  test.each([
    ["too new", { versions: { min: 4, max: 5 } }, "version", "n1 speaks protocol versions 2 to 3"],
    ["too old", { versions: { min: 1, max: 1 } }, "version", "n1 speaks protocol versions 2 to 3"],
    ["of another cluster", { clusterId: "d" }, "cluster", "n1 belongs to cluster c"],
    ["looking for another", { to: "n3" }, "node", "this is n1, not n3"],
    ["not who was expected", { from: "n3" }, "node", "n2 was expected, not n3"],
    ["under our own name", { from: "n1" }, "node", "n1 is this end's own id"],
    ["that runs another protocol", { protocol: "multi-paxos" }, "protocol", "n1 runs raft, and so must all members"],
  ])("is found with one that is %s", (_, change, mismatch, text) => {
    expect(findMismatch(ours, { ...theirs, ...change })).toEqual({ mismatch, text });
  });
});
