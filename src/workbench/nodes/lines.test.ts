import { expect, test } from "vitest";
import { LineSplitter } from "./lines.ts";

test("lines are cut wherever the stream was, also within a letter", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(
    (line) => lines.push(line),
    () => undefined,
  );

  for (const byte of Buffer.from("eins\nzwölf\n\n  \ndrei")) splitter.push(Buffer.of(byte));
  splitter.end();

  expect(lines).toEqual(["eins", "zwölf", "drei"]);
});

test("a line without an end is refused once, and what follows it is read again", () => {
  const lines: string[] = [];
  const refused: string[] = [];
  const splitter = new LineSplitter(
    (line) => lines.push(line),
    (start) => refused.push(start),
  );

  for (let part = 0; part < 40; part++) splitter.push(Buffer.alloc(2 ** 20, "x"));
  splitter.push(Buffer.from("end\nnext\n"));

  expect(refused).toEqual(["x".repeat(200)]);
  expect(lines).toEqual(["next"]);
});
