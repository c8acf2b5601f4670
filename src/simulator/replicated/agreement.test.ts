import { expect, test } from "vitest";
import { toUtf8 } from "../../base/text.ts";
import { kvMachine } from "../../machines/kv.ts";
import { withSessions } from "../../machines/sessions.ts";
import type { Entry } from "../../protocols/replicated-log.ts";
import { Agreement } from "./agreement.ts";
import { wholeSnapshot } from "./machine.ts";
import { Reference } from "./reference.ts";

function entry(term: number, text = "x"): Entry {
  return { term, kind: "payload", payload: toUtf8(text) };
}

function agreement(): { agreement: Agreement; agreed: number[] } {
  const agreed: number[] = [];
  return { agreement: new Agreement((index) => agreed.push(index)), agreed };
}

test("each entry is agreed on once, whoever applies it first", () => {
  const { agreement: all, agreed } = agreement();
  for (const id of ["a", "b"]) for (const index of [1, 2]) all.applied(id, index, entry(1));

  expect(agreed).toEqual([1, 2]);
  expect(all.highest).toBe(2);
});

test.each([
  ["another text", entry(1, "y")],
  ["another term", entry(2)],
  ["another kind", { ...entry(1), kind: "none" } as const],
])("an entry with %s at a place breaks State Machine Safety", (_what, other) => {
  const { agreement: all } = agreement();
  all.applied("a", 1, entry(1));

  expect(() => all.applied("b", 1, other)).toThrow("State Machine Safety");
});

test("what was acknowledged is not to be lost, told before or after it is applied", () => {
  const { agreement: all } = agreement();
  all.applied("a", 1, entry(1));
  all.acknowledged("a", 1, 1);
  all.acknowledged("a", 2, 1);

  expect(() => all.acknowledged("b", 1, 2)).toThrow("acknowledged is never lost");
  expect(() => all.applied("a", 2, entry(2))).toThrow("acknowledged is never lost");
});

test("what was said to be lost is not to be committed, told before or after it is applied", () => {
  const { agreement: all } = agreement();
  all.applied("a", 1, entry(1));
  all.lost("a", 2, 1);
  all.lost("a", 1, 2);

  expect(() => all.lost("b", 1, 1)).toThrow("lost is never committed");
  expect(() => all.applied("b", 2, entry(1))).toThrow("lost is never committed");
});

test("a read from before what was applied when it was asked is stale", () => {
  const { agreement: all } = agreement();
  all.readable("a", 3, 3);

  expect(() => all.readable("a", 3, 2)).toThrow("not stale");
});

test("a snapshot that is not what its log says is found, where one can be compared", () => {
  const machine = withSessions(kvMachine);
  const all = new Reference(machine as never, 2);
  const command = (sequence: number) => ({
    client: "c",
    sequence,
    settledBelow: sequence,
    issuedAt: 0,
    command: kvMachine.command.encode({ kind: "put", key: "k", value: `v${sequence}` }),
  });
  const payload = (sequence: number) => machine.command.encode(command(sequence));
  const state = machine.initial();
  for (const index of [1, 2]) {
    all.apply(index, { term: 1, kind: "payload", payload: payload(index) });
    machine.apply(state, command(index), index);
  }
  const right = wholeSnapshot(machine as never, state as never);

  all.compare("a", 1, toUtf8("not compared"));
  all.compare("a", 2, right);

  expect(() => all.compare("b", 2, right.slice(1))).toThrow("a snapshot equals the log that it replaces: b at 2");
});
