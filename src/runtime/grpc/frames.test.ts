import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameOf, MessageReader } from "./frames.ts";
import { readMetadata, readTimeout, writeMetadata, writeTimeout } from "./heads.ts";
import { decodeMessage, encodeMessage } from "./status.ts";

describe("messages", () => {
  test("come out as they went in, however the stream is cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });

    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((message) => frameOf(message)));
        const reader = new MessageReader(50);
        const got: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] as number;
          reader.push(stream.subarray(at, at + size));
          for (let message = reader.next(); message; message = reader.next()) got.push(message);
          at += size;
        }
        expect(got.map((message) => [...message])).toEqual(sent.map((message) => [...message]));
        expect(reader.isInside).toBe(false);
      }),
    );
  });
});

describe("what travels beside messages", () => {
  test("comes out as it went in", () => {
    const name = fc.stringMatching(/^x-[a-z0-9_.-]{0,20}$/).filter((text) => !text.endsWith("-bin"));
    const text = fc.stringMatching(/^[\x21-\x7e]{1,20}$/);
    const metadata = fc.tuple(
      fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 }))),
      fc.dictionary(
        name.map((stem) => `${stem}-bin`),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    );

    fc.assert(
      fc.property(metadata, ([texts, bytes]) => {
        const given = { ...texts, ...bytes };
        const written = Object.entries(writeMetadata(given)).map(([key, values]) => [key, values]);
        expect(readMetadata(Object.fromEntries(written))).toEqual(given);
      }),
    );
  });

  test("may hold several values of bytes in one field, with padding or without", () => {
    expect(readMetadata({ "a-bin": "AQ==, AgM" })).toEqual({ "a-bin": [Buffer.of(1), Buffer.of(2, 3)] });
  });

  test("says any message in ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-composite", maxLength: 100 }), (message) => {
        const written = encodeMessage(message);
        expect(written).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMessage(written)).toBe(message);
      }),
    );
    expect(decodeMessage("100%")).toBe("100%");
  });

  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["99999999m", 99_999_999],
    ["500u", 0.5],
    ["1n", 1e-6],
  ])("a timeout of %s is %d ms", (text, ms) => {
    expect(readTimeout(text)).toBeCloseTo(ms, 9);
  });

  test.each(["", "5", "m", "123456789m", "-1m", "1.5S", "1 S"])("%o is no timeout", (text) => {
    expect(() => readTimeout(text)).toThrow("grpc-timeout");
  });

  test("a timeout is never cut short, and never longer than its field", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e11, noNaN: true }), (ms) => {
        const text = writeTimeout(ms);
        expect(text).toMatch(/^\d{1,8}[HSm]$/);
        expect(readTimeout(text)).toBeGreaterThanOrEqual(ms);
      }),
    );
  });
});
