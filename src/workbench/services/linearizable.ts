import type { Body } from "../network/message.ts";
import { effectOf, keyOf, type Stored } from "./key-value.ts";
import { refusal, type Service } from "./service.ts";

/** `lin-kv`: each request sees all that were answered before it. */
export class LinearizableStore implements Service {
  readonly #values = new Map<string, Stored>();

  answer(_client: string, request: Body): Body {
    const key = keyOf(request);
    const { reply, write } = effectOf(request, this.#values.get(key));
    if (write !== undefined) this.#values.set(key, write);
    return reply;
  }
}

/** `lin-tso`: counts from 0, a number for each request. */
export class TimestampOracle implements Service {
  #next = 0;

  answer(_client: string, request: Body): Body {
    if (request.type !== "ts") return refusal(10, `this service knows ts, not ${String(request.type)}`);
    return { type: "ts_ok", ts: this.#next++ };
  }
}
