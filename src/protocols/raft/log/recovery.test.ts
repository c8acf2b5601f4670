import { expect, test } from "vitest";
import { entriesOf, snapshotOf } from "../../../../test/support/raft-member.ts";
import { MalformedError } from "../../../base/errors.ts";
import { type Member, membershipOf } from "../../replicated-log.ts";
import type { RaftRecord } from "../messages.ts";
import { Recovery } from "./recovery.ts";

const members: readonly Member[] = [{ id: "a", address: "a:1" }];

function recover(records: readonly RaftRecord[], tailBytesMax = 2 ** 20) {
  const recovery = new Recovery(members, tailBytesMax);
  for (const record of records) recovery.take(record);
  return recovery.finish();
}

function entries(from: number, ...terms: readonly number[]): RaftRecord {
  return { kind: "entries", from, entries: entriesOf(...terms) };
}

function base(index: number, term: number, snapshotIndex = index): RaftRecord {
  const snapshot = snapshotIndex === 0 ? undefined : snapshotOf(snapshotIndex, term);
  return { kind: "base", base: { index, term }, snapshot, membership: membershipOf(members) };
}

function terms(memory: ReturnType<typeof recover>): number[] {
  return memory.log.tail.map((entry) => entry.term);
}

test("nothing stored is a new member", () => {
  expect(recover([])).toMatchObject({
    term: 0,
    votedFor: undefined,
    snapshot: undefined,
    log: { last: 0, configurations: [{ index: 0, membership: membershipOf(members) }] },
  });
});

test("the newest term and vote count", () => {
  const memory = recover([
    { kind: "state", term: 1, votedFor: "a" },
    { kind: "state", term: 2, votedFor: "b" },
    { kind: "state", term: 3, votedFor: undefined },
  ]);

  expect(memory).toMatchObject({ term: 3, votedFor: undefined });
});

test("entries replace what stood from their place on, and all is durable", () => {
  const memory = recover([entries(1, 1, 1, 1), entries(4, 1), entries(2, 2, 2)]);

  expect(terms(memory)).toEqual([1, 2, 2]);
  expect(memory.log).toMatchObject({ last: 3, durable: 3, unsavedFrom: 4 });
});

test("entries at or below the log's start are skipped, as far as they are below it", () => {
  const memory = recover([entries(1, 1, 1, 1), base(3, 1), entries(2, 1, 1, 2), entries(1, 1)]);

  expect(memory.log).toMatchObject({ base: { index: 3, term: 1 }, last: 4 });
  expect(terms(memory)).toEqual([2]);
});

test("a start that the log has keeps what follows it, another one keeps nothing", () => {
  expect(terms(recover([entries(1, 1, 1, 2, 2), base(3, 2)]))).toEqual([2]);
  expect(terms(recover([entries(1, 1, 1, 2, 2), base(3, 3)]))).toEqual([]);
});

test("an older start, repeated at the head of a file, changes nothing", () => {
  const memory = recover([entries(1, 1, 1, 2, 2), base(3, 2), base(1, 1)]);

  expect(memory.log.base).toEqual({ index: 3, term: 2 });
  expect(memory.snapshot?.index).toBe(3);
});

test("entries behind a gap wait for the start that explains it", () => {
  const memory = recover([{ kind: "state", term: 2, votedFor: undefined }, entries(8, 2, 2), base(7, 1)]);

  expect(memory.log).toMatchObject({ base: { index: 7, term: 1 }, last: 9 });
  expect(terms(memory)).toEqual([2, 2]);
});

test("a gap that nothing explains is malformed", () => {
  expect(() => recover([entries(8, 2, 2)])).toThrow(MalformedError);
  expect(() => recover([entries(8, 2, 2)])).toThrow("entries before 8 are missing");
});

test("stored members win over those given", () => {
  const stored = [{ id: "z", address: "z:1" }];

  expect(recover([{ ...base(0, 0, 0), membership: membershipOf(stored) } as RaftRecord]).log.configurations).toEqual([
    { index: 0, membership: membershipOf(stored) },
  ]);
});

test("of a long log only the newest part comes into memory; the terms of all are known", () => {
  const memory = recover([entries(1, ...Array(50).fill(1)), entries(51, ...Array(50).fill(2))], 2500);

  expect(memory.log.last).toBe(100);
  expect(memory.log.tail.length).toBeLessThanOrEqual(10);
  expect(memory.log.runs).toEqual([
    { index: 1, term: 1 },
    { index: 51, term: 2 },
  ]);
});
