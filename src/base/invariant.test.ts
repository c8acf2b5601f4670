import { expect, test } from "vitest";
import { MalformedError, OperatingError } from "./errors.ts";
import { InvariantViolation, invariant, unreachable } from "./invariant.ts";

test("what holds passes, and what does not says what had to be", () => {
  invariant(true, "all is well");

  const broken = () => invariant(false, "a vote is given once");

  expect(broken).toThrow(InvariantViolation);
  expect(broken).toThrow("it must be that a vote is given once");
});

test("a violation is our own fault, malformed input is not", () => {
  const cause = new Error("below");
  const malformed = new MalformedError("a number is padded", { cause });

  expect(new InvariantViolation("x")).not.toBeInstanceOf(OperatingError);
  expect(malformed).toBeInstanceOf(OperatingError);
  expect(malformed).toMatchObject({
    name: "MalformedError",
    code: "QUORATE_MALFORMED",
    retry: "never",
    outcome: "not-applied",
    message: "malformed input: a number is padded",
    cause,
  });
});

test("a value that no type allows is a violation, and named", () => {
  expect(() => unreachable({ kind: "new" } as never)).toThrow('unexpected value {"kind":"new"}');
});
