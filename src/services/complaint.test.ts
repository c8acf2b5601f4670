import * as v from "@badrap/valita";
import { expect, test } from "vitest";
import { firstComplaint, saying } from "./complaint.ts";

const schema = v.object({
  name: v.string(),
  port: saying("must be a port", v.number().assert(Number.isInteger)).optional(),
  size: v.union(v.string(), v.number()).optional(),
  level: v.union(v.literal("low"), v.literal("middle"), v.literal("high")).optional(),
  nodes: v.array(v.object({ id: v.string().assert((id) => id !== "", "must not be empty") })).optional(),
  checked: v
    .boolean()
    .assert((value) => value)
    .optional(),
});

function complaint(value: unknown): string {
  const checked = schema.try(value);
  if (checked.ok) throw new Error("the value was accepted");
  const { place, problem } = firstComplaint(checked, "the body");
  return `${place}: ${problem}`;
}

test.each([
  [[], "the body: must be an object"],
  [{}, "name: is missing"],
  [{ name: "n", colour: "red" }, "colour: is not known here"],
  [{ name: null }, "name: must be text"],
  [{ name: "n", port: "x" }, "port: must be a port"],
  [{ name: "n", port: 1.5 }, "port: must be a port"],
  [{ name: "n", size: true }, "size: must be text or a number"],
  [{ name: "n", level: "top" }, "level: must be low, middle or high"],
  [{ name: "n", nodes: {} }, "nodes: must be a list"],
  [{ name: "n", nodes: [{ id: "a" }, { id: "" }] }, "nodes.1.id: must not be empty"],
  [{ name: "n", nodes: [{ id: "a", age: 1 }] }, "nodes.0.age: is not known here"],
  [{ name: "n", checked: 1 }, "checked: must be true or false"],
  [{ name: "n", checked: false }, "checked: is not valid"],
  [JSON.parse('{"name":"n","__proto__":{}}'), "__proto__: is not known here"],
])("%j is complained about as %s", (value, expected) => {
  expect(complaint(value)).toBe(expected);
});

test("what is right is returned as the schema makes it", () => {
  const doubled = saying(
    "must be a number",
    v.number().map((value) => value * 2),
  );

  expect(doubled.parse(4)).toBe(8);
});

test("unknown keys are dropped inside, too, where the caller asks for it", () => {
  const inner = saying("must be a node", v.object({ id: v.string() }));

  expect(v.object({ node: inner }).parse({ node: { id: "a", age: 1 }, more: 1 }, { mode: "strip" })).toEqual({
    node: { id: "a" },
  });
});
