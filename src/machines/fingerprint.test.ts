import { expect, test } from "vitest";
import { toUtf8 } from "../base/text.ts";
import { fingerprint } from "./fingerprint.ts";

test("fingerprints are MurmurHash3's published ones", () => {
  expect(fingerprint(toUtf8(""))).toBe(0);
  expect(fingerprint(toUtf8("test"))).toBe(0xba6bd213);
  expect(fingerprint(toUtf8("hello"))).toBe(0x248bfa47);
  expect(fingerprint(toUtf8("Hello, world!"))).toBe(0xc0363e43);
  expect(fingerprint(toUtf8("The quick brown fox jumps over the lazy dog"))).toBe(0x2e4ff723);
  expect(fingerprint(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(0x76293b50);
  expect(fingerprint(Uint8Array.of(0x21, 0x43, 0x65))).toBe(0x7e4a8634);
});
