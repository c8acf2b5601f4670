import fc from "fast-check";
import { expect, test } from "vitest";
import { describeMachine } from "../../test/conformance/machine.ts";
import { kvMachine } from "./kv.ts";

const names = ["a", "b", "ab", "\uFFFD", "\u{1F600}"];
const key = fc.constantFrom(...names);
const ifVersion = fc.nat(20);

describeMachine("kv", {
  machine: kvMachine,
  commands: fc.oneof(
    fc.record({ kind: fc.constant("put" as const), key, value: fc.string() }),
    fc.record({ kind: fc.constant("put" as const), key, value: fc.string(), ifVersion }),
    fc.record({ kind: fc.constant("delete" as const), key }),
    fc.record({ kind: fc.constant("delete" as const), key, ifVersion }),
  ),
  questions: [{ kind: "list", prefix: "", limit: 100 }, ...names.map((name) => ({ kind: "get", key: name }) as const)],
});

/** A map with the given keys, put at 1, 2, 3 … */
function kvOf(...keys: string[]) {
  const state = kvMachine.initial();
  for (const [at, name] of keys.entries())
    kvMachine.apply(state, { kind: "put", key: name, value: `v-${name}` }, at + 1);
  return state;
}

test("a version is the place in the agreed order, so a key made anew never has an old one", () => {
  const state = kvOf("a");

  expect(kvMachine.apply(state, { kind: "put", key: "a", value: "x" }, 7)).toEqual({
    kind: "stored",
    version: 7,
    created: false,
  });
  expect(kvMachine.query(state, { kind: "get", key: "a" })).toEqual({ kind: "found", value: "x", version: 7 });
  expect(kvMachine.apply(state, { kind: "delete", key: "a" }, 8)).toEqual({ kind: "deleted" });
  expect(kvMachine.query(state, { kind: "get", key: "a" })).toEqual({ kind: "missing" });
  expect(kvMachine.apply(state, { kind: "put", key: "a", value: "y" }, 9)).toEqual({
    kind: "stored",
    version: 9,
    created: true,
  });
});

test("a condition that does not hold changes nothing and names the version there is", () => {
  const state = kvOf("a");

  expect(kvMachine.apply(state, { kind: "put", key: "a", value: "x", ifVersion: 0 }, 2)).toEqual({
    kind: "conflict",
    version: 1,
  });
  expect(kvMachine.apply(state, { kind: "put", key: "a", value: "x", ifVersion: 5 }, 3)).toEqual({
    kind: "conflict",
    version: 1,
  });
  expect(kvMachine.apply(state, { kind: "delete", key: "a", ifVersion: 5 }, 4)).toEqual({
    kind: "conflict",
    version: 1,
  });
  expect(kvMachine.apply(state, { kind: "put", key: "b", value: "x", ifVersion: 5 }, 5)).toEqual({
    kind: "conflict",
    version: undefined,
  });
  expect(kvMachine.query(state, { kind: "get", key: "a" })).toEqual({ kind: "found", value: "v-a", version: 1 });
  expect(kvMachine.query(state, { kind: "get", key: "b" })).toEqual({ kind: "missing" });
});

test("a condition that holds lets the command through", () => {
  const state = kvOf("a");

  expect(kvMachine.apply(state, { kind: "put", key: "b", value: "x", ifVersion: 0 }, 2)).toEqual({
    kind: "stored",
    version: 2,
    created: true,
  });
  expect(kvMachine.apply(state, { kind: "put", key: "a", value: "x", ifVersion: 1 }, 3)).toEqual({
    kind: "stored",
    version: 3,
    created: false,
  });
  expect(kvMachine.apply(state, { kind: "delete", key: "a", ifVersion: 3 }, 4)).toEqual({ kind: "deleted" });
  expect(kvMachine.apply(state, { kind: "delete", key: "a", ifVersion: 0 }, 5)).toEqual({ kind: "missing" });
});

test("keys of a prefix are listed in byte order, page by page", () => {
  const state = kvOf("b", "a/2", "a/1", "a/\u{1F600}", "a/\uFFFD", "a", "c");
  const list = (prefix: string, limit: number, after?: string) => {
    const reply = kvMachine.query(state, { kind: "list", prefix, limit, ...(after === undefined ? {} : { after }) });
    return reply.kind === "keys" ? [...reply.keys.map((line) => line.key), ...(reply.more ? ["…"] : [])] : [];
  };

  expect(list("a/", 2)).toEqual(["a/1", "a/2", "…"]);
  expect(list("a/", 2, "a/2")).toEqual(["a/\uFFFD", "a/\u{1F600}"]); // UTF-16 would say otherwise
  expect(list("a/", 9, "a/15")).toEqual(["a/2", "a/\uFFFD", "a/\u{1F600}"]);
  expect(list("a/", 9, "b")).toEqual([]);
  expect(list("b", 9, "a")).toEqual(["b"]);
  expect(list("", 1, "b")).toEqual(["c"]);
  expect(list("x", 9)).toEqual([]);
});
