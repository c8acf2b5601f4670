import { nextBelow, type Random } from "../../base/random.ts";
import { spellJson } from "../network/json.ts";
import type { Body } from "../network/message.ts";
import { effectOf, keyOf, type Stored } from "./key-value.ts";
import type { Service } from "./service.ts";

/** States that a request may see, the latest included. */
const statesMax = 32;

interface Version {
  /** The number of the first state with this value. */
  readonly from: number;
  readonly stored: Stored;
}

/**
 * `seq-kv`: all requests have one order, in which those of each client keep their own; but it need not be that of time.
 *
 * A request is tried on any state that its client may still see. If it changes nothing there, that is its place in the
 * order, however late it came. What would change a state of the past happens to the latest one.
 */
export class SequentialStore implements Service {
  readonly #random: Random;
  readonly #versions = new Map<string, Version[]>();
  readonly #seen = new Map<string, number>();
  #latest = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  answer(client: string, request: Body): Body {
    const key = keyOf(request);
    const oldest = Math.max(this.#seen.get(client) ?? 0, this.#latest - statesMax + 1);
    const state = oldest + nextBelow(this.#random, this.#latest - oldest + 1);
    const stored = this.#at(key, state);
    const { reply, write } = effectOf(request, stored);
    if (write === undefined || isSame(write, stored)) {
      this.#seen.set(client, state);
      return reply;
    }
    const now = effectOf(request, this.#at(key, this.#latest));
    this.#seen.set(client, ++this.#latest);
    if (now.write !== undefined) this.#store(key, now.write);
    return now.reply;
  }

  #at(key: string, state: number): Stored {
    return this.#versions.get(key)?.findLast(({ from }) => from <= state)?.stored;
  }

  #store(key: string, stored: Stored): void {
    const versions = this.#versions.get(key) ?? [];
    versions.push({ from: this.#latest, stored });
    const needed = versions.findLastIndex(({ from }) => from <= this.#latest - statesMax + 1);
    this.#versions.set(key, needed > 0 ? versions.slice(needed) : versions);
  }
}

function isSame(left: Stored, right: Stored): boolean {
  return left !== undefined && right !== undefined && spellJson(left.value) === spellJson(right.value);
}
