import { formatJson, spellJson } from "../network/json.ts";
import type { Body } from "../network/message.ts";
import { refusal } from "./service.ts";

/** A value that may be missing. */
export type Stored = { readonly value: unknown } | undefined;

/** What a request on one key comes to: the answer, and the value to store, if there is one. */
export interface Effect {
  readonly reply: Body;
  readonly write?: Stored;
}

/** The key of a request, as one text for equal keys. */
export function keyOf(request: Body): string {
  return spellJson(request.key);
}

/** What `read`, `write` and `cas` do to a key that holds `stored`. */
export function effectOf(request: Body, stored: Stored): Effect {
  switch (request.type) {
    case "read":
      return { reply: stored === undefined ? missing() : { type: "read_ok", value: stored.value } };
    case "write":
      return { reply: { type: "write_ok" }, write: { value: request.value } };
    case "cas":
      return compareAndSet(request, stored);
    default:
      return { reply: refusal(10, `this service knows read, write and cas, not ${String(request.type)}`) };
  }
}

function compareAndSet(request: Body, stored: Stored): Effect {
  const write = { value: request.to };
  if (stored === undefined) {
    return request.create_if_not_exists === true ? { reply: { type: "cas_ok" }, write } : { reply: missing() };
  }
  if (spellJson(stored.value) === spellJson(request.from)) return { reply: { type: "cas_ok" }, write };
  const [current, expected] = [stored.value, request.from].map((value) => formatJson(value ?? null));
  return { reply: refusal(22, `current value ${current} is not ${expected}`) };
}

function missing(): Body {
  return refusal(20, "key does not exist");
}
