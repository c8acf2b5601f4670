import { createHash } from "node:crypto";
import type { ExecuteOptions, MachineNode } from "../../runtime/api.ts";

/** A replicated machine, as a service uses it. */
export type Replica<Command, Answer, Question, Reply> = Pick<
  MachineNode<Command, Answer, Question, Reply>,
  "execute" | "read"
>;

const keyCharactersMax = 256;

/** The idempotency key of one service's request: the same key given to two services names two requests. */
function scopedKey(scope: string, key: string): string {
  const scoped = `${scope}:${key}`;
  if (scoped.length <= keyCharactersMax) return scoped;
  return `${scope}#${createHash("sha256").update(key).digest("hex")}`; // "#": no short key looks like this
}

/** `options` with its key scoped. */
export function scoped(scope: string, options: ExecuteOptions | undefined): ExecuteOptions | undefined {
  return options?.key === undefined ? options : { ...options, key: scopedKey(scope, options.key) };
}
