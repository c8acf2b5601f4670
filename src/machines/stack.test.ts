import fc from "fast-check";
import { expect, test } from "vitest";
import { describeMachine, splitEvery, wholeSnapshot } from "../../test/conformance/machine.ts";
import { isStackId, type StackAnswer, type StackCommand, stackMachine } from "./stack.ts";

const names = ["1", "2", "ab", "ä", "\u{1F600}", "\uFEFFx"];
const stack = fc.constantFrom(...names);

describeMachine("stack", {
  machine: stackMachine,
  commands: fc.oneof(
    fc.record({ kind: fc.constant("create" as const), stack }),
    fc.constant<StackCommand>({ kind: "create" }),
    fc.record({ kind: fc.constant("delete" as const), stack }),
    fc.record({ kind: fc.constant("push" as const), stack, value: fc.string({ unit: "grapheme" }) }),
    fc.record({ kind: fc.constant("push" as const), stack: fc.constant("1"), value: fc.string() }),
    fc.record({ kind: fc.constant("pop" as const), stack }),
  ),
  questions: [
    { kind: "list", limit: 100 },
    ...names.flatMap((name) => (["get", "top", "size"] as const).map((kind) => ({ kind, stack: name }))),
  ],
});

/** Applies commands in order to a new machine; the last answer counts. */
function after(...commands: StackCommand[]): {
  state: ReturnType<typeof stackMachine.initial>;
  answer: StackAnswer | undefined;
} {
  const state = stackMachine.initial();
  let answer: StackAnswer | undefined;
  for (const [at, command] of commands.entries()) answer = stackMachine.apply(state, command, at + 1);
  return { state, answer };
}

test("values come off in the reverse of the order they were put on", () => {
  const { state } = after({ kind: "create", stack: "a" }, { kind: "push", stack: "a", value: "x" });

  expect(stackMachine.apply(state, { kind: "push", stack: "a", value: "y" }, 3)).toEqual({ kind: "pushed", size: 2 });
  expect(stackMachine.query(state, { kind: "get", stack: "a" })).toEqual({
    kind: "stack",
    stack: "a",
    size: 2,
    top: "y",
  });
  expect(stackMachine.apply(state, { kind: "pop", stack: "a" }, 4)).toEqual({ kind: "popped", value: "y", size: 1 });
  expect(stackMachine.query(state, { kind: "top", stack: "a" })).toEqual({ kind: "top", value: "x" });
  expect(stackMachine.apply(state, { kind: "pop", stack: "a" }, 5)).toEqual({ kind: "popped", value: "x", size: 0 });
  expect(stackMachine.apply(state, { kind: "pop", stack: "a" }, 6)).toEqual({ kind: "empty" });
  expect(stackMachine.query(state, { kind: "top", stack: "a" })).toEqual({ kind: "empty" });
  expect(stackMachine.query(state, { kind: "size", stack: "a" })).toEqual({ kind: "size", size: 0 });
});

test("an empty text is a value like any other", () => {
  const { state } = after({ kind: "create", stack: "a" }, { kind: "push", stack: "a", value: "" });

  expect(stackMachine.query(state, { kind: "get", stack: "a" })).toEqual({
    kind: "stack",
    stack: "a",
    size: 1,
    top: "",
  });
  expect(stackMachine.query(state, { kind: "top", stack: "a" })).toEqual({ kind: "top", value: "" });
});

test("a stack without a name gets the next free integer, and never one that was deleted", () => {
  expect(after({ kind: "create" }).answer).toEqual({ kind: "created", stack: "1" });
  expect(after({ kind: "create", stack: "1" }, { kind: "create" }).answer).toEqual({ kind: "created", stack: "2" });
  expect(after({ kind: "create" }, { kind: "delete", stack: "1" }, { kind: "create" }).answer).toEqual({
    kind: "created",
    stack: "2",
  });
});

test("what does not exist is missing, what exists is not made again", () => {
  expect(after({ kind: "pop", stack: "a" }).answer).toEqual({ kind: "missing" });
  expect(after({ kind: "push", stack: "a", value: "x" }).answer).toEqual({ kind: "missing" });
  expect(after({ kind: "delete", stack: "a" }).answer).toEqual({ kind: "missing" });
  expect(after({ kind: "create", stack: "a" }, { kind: "create", stack: "a" }).answer).toEqual({ kind: "exists" });
  expect(stackMachine.query(after().state, { kind: "get", stack: "a" })).toEqual({ kind: "missing" });
});

test("a list goes on where the last page ended, also if that stack is gone", () => {
  const { state } = after(...["b", "a", "d", "c"].map((name) => ({ kind: "create", stack: name }) as const));

  const page = stackMachine.query(state, { kind: "list", limit: 2 });
  stackMachine.apply(state, { kind: "delete", stack: "b" }, 9);
  const rest = stackMachine.query(state, { kind: "list", after: "b", limit: 2 });

  const line = (name: string) => ({ stack: name, size: 0 });
  expect(page).toEqual({ kind: "stacks", stacks: [line("a"), line("b")], more: true });
  expect(rest).toEqual({ kind: "stacks", stacks: [line("c"), line("d")], more: false });
});

test("a stack 200,000 deep is cut, restored and popped", async () => {
  const { state } = after({ kind: "create", stack: "deep" });
  const depth = 200_000;
  for (let at = 0; at < depth; at++)
    stackMachine.apply(state, { kind: "push", stack: "deep", value: `v${at}` }, at + 2);

  const restored = await stackMachine.restore(splitEvery(wholeSnapshot(stackMachine.snapshot(state)), 100_000));

  for (let at = depth - 1; at >= 0; at--) {
    const answer = stackMachine.apply(restored, { kind: "pop", stack: "deep" }, at);
    if (answer.kind !== "popped" || answer.value !== `v${at}` || answer.size !== at) expect(answer).toBe(`v${at}`);
  }
});

test("names of stacks are printable, without comma, of 1 to 256 bytes", () => {
  for (const good of ["1", "a b", "ä", "日本", "\u{1F600}", "x".repeat(256)]) expect(isStackId(good), good).toBe(true);
  for (const bad of ["", "a,b", "a\nb", "\0", "\u2028", "\ud800", "x".repeat(257), "ä".repeat(129)]) {
    expect(isStackId(bad), JSON.stringify(bad)).toBe(false);
  }
});
