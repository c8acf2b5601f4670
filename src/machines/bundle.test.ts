import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { describeMachine, splitEvery, wholeSnapshot } from "../../test/conformance/machine.ts";
import { MalformedError } from "../base/errors.ts";
import { type BundleCommand, bundle } from "./bundle.ts";
import { type KvCommand, kvMachine } from "./kv.ts";
import { type LogCommand, logMachine } from "./log.ts";
import { type StackCommand, stackMachine } from "./stack.ts";

const both = bundle({ log: logMachine, kv: kvMachine });

describeMachine("bundle", {
  machine: both,
  commands: fc.oneof(
    fc.record({
      machine: fc.constant("log" as const),
      command: fc.record({ kind: fc.constant("append" as const), entry: fc.string() }),
    }),
    fc.record({
      machine: fc.constant("kv" as const),
      command: fc.record({ kind: fc.constant("put" as const), key: fc.string(), value: fc.string() }),
    }),
  ),
  questions: [
    { machine: "log", question: { kind: "read", from: 1, limit: 100 } },
    { machine: "kv", question: { kind: "list", prefix: "", limit: 100 } },
  ],
});

test("each machine keeps its own words and types", () => {
  const all = bundle({ stack: stackMachine, log: logMachine, kv: kvMachine });
  type Command = Parameters<typeof all.apply>[1];
  expectTypeOf<Command>().toEqualTypeOf<
    | { readonly machine: "stack"; readonly command: StackCommand }
    | { readonly machine: "log"; readonly command: LogCommand }
    | { readonly machine: "kv"; readonly command: KvCommand }
  >();
  expectTypeOf<Command>().toEqualTypeOf<
    BundleCommand<{ stack: typeof stackMachine; log: typeof logMachine; kv: typeof kvMachine }>
  >();
  const state = all.initial();

  const answer = all.apply(state, { machine: "log", command: { kind: "append", entry: "x" } }, 1);
  // @ts-expect-error a log has no push
  const foreign: Command = { machine: "log", command: { kind: "push", stack: "a", value: "x" } };

  expect(answer).toEqual({ machine: "log", answer: { kind: "appended", index: 1 } });
  if (answer.machine === "log") expectTypeOf(answer.answer.index).toEqualTypeOf<number>();
  expect(all.query(state, { machine: "stack", question: { kind: "get", stack: "1" } })).toEqual({
    machine: "stack",
    reply: { kind: "missing" },
  });
  expect(foreign.machine).toBe("log");
});

test("a machine added by a later release starts afresh on an older snapshot", async () => {
  const state = both.initial();
  both.apply(state, { machine: "kv", command: { kind: "put", key: "a", value: "x" } }, 1);
  const later = bundle({ stack: stackMachine, kv: kvMachine, log: logMachine });

  const restored = await later.restore(splitEvery(wholeSnapshot(both.snapshot(state)), 10));

  expect(later.query(restored, { machine: "kv", question: { kind: "get", key: "a" } })).toMatchObject({
    reply: { value: "x" },
  });
  expect(later.apply(restored, { machine: "stack", command: { kind: "create" } }, 2)).toMatchObject({
    answer: { stack: "1" },
  });
});

test("a machine that this release does not have is refused by name", async () => {
  const snapshot = wholeSnapshot(both.snapshot(both.initial()));
  const command = both.command.encode({ machine: "kv", command: { kind: "delete", key: "a" } });
  const earlier = bundle({ log: logMachine });

  await expect(earlier.restore(splitEvery(snapshot, 10))).rejects.toThrow("no machine kv in this release");
  expect(() => earlier.command.decode(command)).toThrow(MalformedError);
});
