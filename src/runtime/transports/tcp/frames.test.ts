import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, FrameReader, frameKinds, gather } from "./frames.ts";

const frames = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant(frameKinds.message),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: 16_000, max: 40_000 }).map((size) => new Uint8Array(size).fill(size)),
      ),
    }),
    fc.record({ kind: fc.constantFrom(frameKinds.ping, frameKinds.pong), body: fc.constant(new Uint8Array(0)) }),
  ),
  { maxLength: 20 },
);

function readAll(reader: FrameReader, chunks: readonly Uint8Array[]): Frame[] {
  const read: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame; frame = reader.next()) read.push(frame);
  }
  return read;
}

/** `bytes` in pieces, none empty, cut where `cuts` says. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((x, y) => x - y);
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
}

function plain(read: readonly Frame[]): unknown[] {
  return read.map(({ kind, body }) => [kind, Buffer.from(body).toString("base64")]);
}

describe("frames", () => {
  test("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const bytes = Buffer.concat(gather(sent));

        const read = readAll(new FrameReader(65_536), cut(bytes, cuts));

        expect(plain(read)).toEqual(plain(sent));
      }),
    );
  });

  test("come out of a stream that arrives byte by byte", () => {
    const sent = [1, 0, 300].map((size) => ({ kind: frameKinds.message, body: new Uint8Array(size).fill(9) }));
    const bytes = Buffer.concat(gather(sent));

    const read = readAll(
      new FrameReader(300),
      [...bytes].map((byte) => Uint8Array.of(byte)),
    );

    expect(plain(read)).toEqual(plain(sent));
  });

  test("never hold on to much more memory than they have bytes", () => {
    const bodies = [100, 30_000, 40_000, 10].map((size) => new Uint8Array(size));
    const sent = bodies.map((body) => ({ kind: frameKinds.message, body }));

    const read = readAll(new FrameReader(65_536), [Uint8Array.from(Buffer.concat(gather(sent)))]);

    const pinned = read.map(({ body }) => body.buffer.byteLength);
    expect(pinned).toEqual([100, 30_000, 70_130, 10]);
  });

  test("many small frames leave as one piece, a large one is not copied", () => {
    const small = { kind: frameKinds.message, body: new Uint8Array(100) };
    const large = { kind: frameKinds.message, body: new Uint8Array(20_000) };

    expect(gather(Array(50).fill(small))).toHaveLength(1);
    const pieces = gather([small, large, small]);
    expect(pieces).toHaveLength(3);
    expect(pieces[1]).toBe(large.body);
  });

  test("version 1 looks like this for ever", () => {
    const sent = [
      { kind: frameKinds.message, body: Uint8Array.of(0xaa, 0xbb) },
      { kind: frameKinds.ping, body: new Uint8Array(0) },
      { kind: frameKinds.pong, body: new Uint8Array(0) },
    ];

    expect(Buffer.concat(gather(sent)).toString("hex")).toBe("0000000300aabb00000001010000000102");
  });

  test.each([
    ["longer than the limit", "0000006600", "a frame of 101 bytes, the limit is 100"],
    ["of an absurd length", "ffffffff00", "a frame of 4294967294 bytes"],
    ["without a kind", "0000000000", "without a kind"],
    ["of an unknown kind", "0000000103", "unknown frame kind 3"],
    ["that is a ping with a body", "0000000201", "a frame of 1 bytes, the limit is 0"],
  ])("a frame %s is refused at its head", (_, hex, problem) => {
    const reader = new FrameReader(100);

    reader.push(Buffer.from(hex, "hex"));

    expect(() => reader.next()).toThrow(problem);
  });
});
