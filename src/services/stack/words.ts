import * as v from "@badrap/valita";
import { MalformedError } from "../../base/errors.ts";
import {
  isStackId,
  type StackAnswer,
  type StackCommand,
  type StackQuestion,
  type StackReply,
} from "../../machines/stack.ts";
import { saying } from "../complaint.ts";
import { text } from "../http/intake.ts";
import type { Replica } from "../http/replica.ts";
import { type Problem, refusal } from "../http/status.ts";

/** The replicated stacks. */
export type Stacks = Replica<StackCommand, StackAnswer, StackQuestion, StackReply>;

const idRule = "must be 1 to 256 bytes of printable text without a comma";

/** An id in JSON: text, or a whole number, which names the same stack as its decimal digits. */
export const stackIdSchema: v.Type<string> = saying(
  "must be text or a whole number",
  v.union(v.string(), v.number().assert(isCount)).map(String),
).assert(isUsable, idRule);

/** A value in JSON. Bounded by the body, not here. */
export const valueSchema: v.Type<string> = text(Number.MAX_SAFE_INTEGER, 0);

/** `id`, checked. */
export function stackId(id: string): string {
  if (!isUsable(id)) throw new MalformedError(`the id of the stack ${idRule}`);
  return id;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

/** No path can hold `.` or `..` as a part. */
function isUsable(id: string): boolean {
  return isStackId(id) && id !== "." && id !== "..";
}

/** Why a stack did not do as asked. */
export function stackProblem(kind: "missing" | "exists" | "empty", stack: string): Problem {
  const name = JSON.stringify(stack);
  switch (kind) {
    case "missing":
      return refusal("QUORATE_NOT_FOUND", `there is no stack ${name}; create it first`);
    case "exists":
      return refusal("QUORATE_EXISTS", `stack ${name} exists already; nothing was changed`);
    case "empty":
      return refusal("QUORATE_EMPTY", `stack ${name} is empty; nothing was changed`);
  }
}
