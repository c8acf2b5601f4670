import { expect, test } from "vitest";
import { readMessage } from "./message.ts";

test("a line that is no message says why", () => {
  const problems = [
    "hello",
    "[]",
    "12",
    '{"dest":"n1","body":{}}',
    '{"src":"n1","dest":7,"body":{}}',
    '{"src":"a","dest":"b"}',
  ];

  expect(problems.map((line) => readMessage(line))).toEqual([
    { problem: "is not JSON" },
    { problem: "is JSON, but no object" },
    { problem: "is JSON, but no object" },
    { problem: "has no string `src`" },
    { problem: "has no string `dest`" },
    { problem: "has no object `body`" },
  ]);
});

test("a message is read; what else its line has is of no interest", () => {
  const line = '{"id":7,"src":"n1","dest":"c2","body":{"type":"echo_ok"}}';

  expect(readMessage(line)).toEqual({ message: { src: "n1", dest: "c2", body: { type: "echo_ok" } } });
});

test("a message as deep as nobody reads it is none", () => {
  const nested = (depth: number) => `{"src":"n1","dest":"c2","body":{"x":${"[".repeat(depth)}${"]".repeat(depth)}}}`;

  expect(readMessage(nested(200_000))).toEqual({ problem: "is nested deeper than 1000" });
  expect(readMessage(nested(998))).toHaveProperty("message");
  expect(readMessage(nested(999))).toHaveProperty("problem");
});
