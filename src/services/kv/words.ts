import type * as v from "@badrap/valita";
import { MalformedError } from "../../base/errors.ts";
import type { KvAnswer, KvCommand, KvQuestion, KvReply } from "../../machines/kv.ts";
import { isWithin, text } from "../http/intake.ts";
import type { Replica } from "../http/replica.ts";
import { type Problem, refusal } from "../http/status.ts";

/** The replicated map. */
export type Kv = Replica<KvCommand, KvAnswer, KvQuestion, KvReply>;

/** Longest key: percent-encoded it still fits into the head of a request. */
export const keyBytesMax = 4096;

/** A key in JSON. */
export const keySchema: v.Type<string> = text(keyBytesMax);
/** A value in JSON. Bounded by the body, not here. */
export const valueSchema: v.Type<string> = text(Number.MAX_SAFE_INTEGER, 0);

/** `key`, checked. */
export function checkedKey(key: string): string {
  if (!isWithin(key, 1, keyBytesMax)) throw new MalformedError(`a key must have 1 to ${keyBytesMax} bytes`);
  return key;
}

/** There is no such key. */
export function missingKey(key: string): Problem {
  return refusal("QUORATE_NOT_FOUND", `there is no key ${JSON.stringify(key.slice(0, 100))}`);
}
