import fc from "fast-check";
import { expect, test } from "vitest";
import { entriesOf } from "../../../../test/support/raft-member.ts";
import { membershipOf } from "../../replicated-log.ts";
import {
  appendEntries,
  entriesFrom,
  entriesSaved,
  lastAgreeable,
  newLog,
  ownEntries,
  type RaftLog,
  rebase,
  saveEntries,
  termAt,
  trimTail,
  truncateFrom,
} from "./log.ts";

function logOf(...terms: readonly number[]): RaftLog {
  const log = newLog({ index: 0, term: 0 }, membershipOf([]));
  appendEntries(log, entriesOf(...terms));
  return log;
}

/** The terms of all entries that the log can tell. */
function terms(log: RaftLog): (number | undefined)[] {
  return Array.from({ length: log.last - log.base.index }, (_, at) => termAt(log, log.base.index + 1 + at));
}

const action = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), count: fc.nat(4), newer: fc.nat(1) }),
  fc.record({ kind: fc.constant("truncate" as const), back: fc.nat(5) }),
  fc.record({ kind: fc.constant("rebase" as const), ahead: fc.nat(6), isOurs: fc.boolean() }),
  fc.record({ kind: fc.constant("save" as const) }),
  fc.record({ kind: fc.constant("saved" as const), count: fc.nat(3) }),
  fc.record({ kind: fc.constant("trim" as const), bytesMax: fc.nat(2000) }),
);

test("a log is what a plain list with a start would be, whatever is done to it", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const log = newLog({ index: 0, term: 0 }, membershipOf([]));
      let start = { index: 0, term: 0 };
      let model: number[] = [];
      let [asked, durable] = [0, 0];
      for (const each of actions) {
        const last = start.index + model.length;
        const lastTerm = model.at(-1) ?? start.term;
        if (each.kind === "append") {
          const added = Array<number>(each.count).fill(Math.max(1, lastTerm + each.newer));
          appendEntries(log, entriesOf(...added));
          model.push(...added);
        } else if (each.kind === "truncate" && last > start.index) {
          const from = Math.max(start.index + 1, last - each.back, log.tailFrom);
          if (from > last) continue;
          truncateFrom(log, from);
          model = model.slice(0, from - start.index - 1);
        } else if (each.kind === "rebase") {
          const index = start.index + each.ahead;
          const ours = index === start.index ? start.term : model[index - start.index - 1];
          const term = each.isOurs && ours !== undefined ? ours : lastTerm + 1;
          if (index === start.index && term !== ours) continue;
          rebase(log, { index, term }, membershipOf([]));
          model = term === ours ? model.slice(each.ahead) : [];
          start = { index, term };
        } else if (each.kind === "save") {
          saveEntries(log, 600, { persist: () => ++asked } as never);
        } else if (each.kind === "saved") {
          durable = Math.min(asked, durable + each.count);
          entriesSaved(log, durable);
        } else if (each.kind === "trim") trimTail(log, log.last, each.bytesMax);
        expect(log.last).toBe(start.index + model.length);
        expect(terms(log)).toEqual(model);
        expect(termAt(log, start.index)).toBe(start.term);
        expect(log.tail.map((entry) => entry.term)).toEqual(model.slice(log.tailFrom - start.index - 1));
        expect(log.tailBytes).toBe(log.tail.length * 250);
        expect(log.durable).toBeLessThan(log.unsavedFrom);
        expect([log.durable >= log.base.index, log.durable <= log.last, log.tailFrom <= log.last + 1]).toEqual([
          true,
          true,
          true,
        ]);
      }
    }),
    { numRuns: 500 },
  );
});

test("where logs may still agree: at the last entry whose term is not newer", () => {
  const log = logOf(1, 1, 1, 4, 4, 5, 5, 6, 6, 6); // figure 7's leader

  expect(lastAgreeable(log, { index: 11, term: 6 })).toBe(10);
  expect(lastAgreeable(log, { index: 10, term: 3 })).toBe(3);
  expect(lastAgreeable(log, { index: 7, term: 4 })).toBe(5);
  expect(lastAgreeable(log, { index: 2, term: 9 })).toBe(2);
  expect(lastAgreeable(log, { index: 9, term: 0 })).toBe(0);
});

test("a slice keeps to its bytes, gives at least one entry, and is shared by who asks for the same", () => {
  const log = logOf(1, 1, 1, 1);

  const two = entriesFrom(log, 2, 4, 500);
  expect(two).toHaveLength(2);
  expect(entriesFrom(log, 2, 4, 500)).toBe(two);
  expect(entriesFrom(log, 1, 4, 1)).toHaveLength(1);
  truncateFrom(log, 3);
  expect(entriesFrom(log, 2, 2, 500)).toHaveLength(1);
});

test("entries that left memory are not in a slice, though their terms are known", () => {
  const log = logOf(1, 1, 2, 2);
  saveEntries(log, 10_000, { persist: () => 1 } as never);
  entriesSaved(log, 1);
  trimTail(log, 3, 600);

  expect(entriesFrom(log, 1, 4, 500)).toBeUndefined();
  expect(terms(log)).toEqual([1, 1, 2, 2]);
  expect(log.tailFrom).toBe(4);
});

test("what is replaced while its record is on the way does not become durable by it", () => {
  const log = logOf(1, 1, 1);
  saveEntries(log, 10_000, { persist: () => 1 } as never);
  truncateFrom(log, 2);
  appendEntries(log, entriesOf(2, 2));

  entriesSaved(log, 1);

  expect(log.durable).toBe(1);
});

test("of entries read from storage the leading ones of the log's own terms are its own", () => {
  const log = logOf(1, 1, 2, 2);

  expect(ownEntries(log, 2, entriesOf(1, 2, 2))).toHaveLength(3);
  expect(ownEntries(log, 2, entriesOf(1, 1, 1))).toHaveLength(1);
  expect(ownEntries(log, 4, entriesOf(2, 2))).toHaveLength(1); // the log ends at 4
});
