import { expect, test } from "vitest";
import { MalformedError } from "./errors.ts";
import { flag, optional, text, unionCodec, whole } from "./union-codec.ts";

type Shape =
  | { readonly kind: "circle"; readonly radius: number; readonly filled: boolean }
  | { readonly kind: "label"; readonly label?: string }
  | { readonly kind: "nothing" };

const codec = unionCodec<Shape>({
  circle: { radius: whole, filled: flag },
  label: { label: optional(text) },
  nothing: {},
});

test("each kind comes back as it was", () => {
  const shapes: Shape[] = [
    { kind: "circle", radius: 300, filled: true },
    { kind: "label", label: "" },
    { kind: "label" },
    { kind: "nothing" },
  ];

  for (const shape of shapes) expect(codec.decode(codec.encode(shape))).toStrictEqual(shape);
});

test("the format is a byte for the kind, then the fields in their order", () => {
  expect([...codec.encode({ kind: "circle", radius: 300, filled: true })]).toEqual([0, 0xac, 0x02, 1]);
  expect([...codec.encode({ kind: "label", label: "ä" })]).toEqual([1, 1, 2, 0xc3, 0xa4]);
  expect([...codec.encode({ kind: "nothing" })]).toEqual([2]);
});

test("an unknown kind, a bad field and bytes left over are malformed", () => {
  for (const bytes of [[], [3], [0], [0, 1, 2], [1, 1, 1, 0xff], [2, 0]]) {
    expect(() => codec.decode(Uint8Array.from(bytes)), String(bytes)).toThrow(MalformedError);
  }
});
