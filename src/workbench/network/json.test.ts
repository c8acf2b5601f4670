import { expect, test } from "vitest";
import { formatJson, parseJson, spellJson } from "./json.ts";

test("whole numbers of 64 bits keep all their digits, wherever they are", () => {
  const line =
    '{"id":9007199254740993,"list":[-12345678901234567890,7],"text":"9007199254740993","e":1.2345678901234568e+22}';

  const value = parseJson(line);

  expect(value).not.toEqual(parseJson(line.replace("40993,", "40992,")));
  expect(formatJson(value)).toBe(line);
});

test("a text with digits and quotes stays the text that it is", () => {
  const value = { text: 'a "12345678901234567890" \\', more: "\\" };

  expect(parseJson(JSON.stringify(value))).toEqual(value);
});

test("what is no JSON is refused, with long numbers and without", () => {
  expect(() => parseJson("{12}")).toThrow(SyntaxError);
  expect(() => parseJson("{12345678901234567890}")).toThrow(SyntaxError);
});

test("equal values are spelled the same, whatever the order of their fields", () => {
  expect(spellJson({ b: 1, a: { d: [1, 2], c: null } })).toBe(spellJson({ a: { c: null, d: [1, 2] }, b: 1 }));
  expect(spellJson([1, 2])).not.toBe(spellJson([2, 1]));
  expect(spellJson("1")).not.toBe(spellJson(1));
  expect(spellJson(undefined)).not.toBe(spellJson(null));
});
