import type { RpcOptions } from "./calls.ts";
import { MaelstromError } from "./errors.ts";
import type { Body } from "./messages.ts";

/** Asks a service, as a node does. */
export type Ask = (to: string, body: Body, options: RpcOptions) => Promise<Body>;

/** How to set a value under a condition. */
export interface CompareAndSetOptions extends RpcOptions {
  /** Sets a key that does not exist, whatever `from` is. */
  readonly createIfMissing?: boolean;
}

/** What `update` may begin anew at the most, unless told otherwise. */
const conflictsMaxDefault = 64;

/**
 * A key-value service of Maelstrom's: `lin-kv`, `seq-kv` or `lww-kv`, which differ in what a read may miss.
 *
 * Keys and values are any JSON. Each call may reject with a `MaelstromError`; what `outcome` says of a write or of
 * `compareAndSet` counts, which are never repeated by themselves.
 */
export class KeyValueStore {
  readonly #service: string;
  readonly #ask: Ask;

  constructor(service: string, ask: Ask) {
    this.#service = service;
    this.#ask = ask;
  }

  /** The value of a key; `undefined` if there is no such key. */
  async read<Value = unknown>(key: unknown, options: RpcOptions = {}): Promise<Value | undefined> {
    try {
      const { value } = await this.#ask(this.#service, { type: "read", key }, options);
      return value as Value;
    } catch (error) {
      if (error instanceof MaelstromError && error.kind === "key-does-not-exist") return undefined;
      throw error;
    }
  }

  async write(key: unknown, value: unknown, options: RpcOptions = {}): Promise<void> {
    await this.#ask(this.#service, { type: "write", key, value }, options);
  }

  /** Sets a key from one value to another; false if it had a third one, or there is no such key. */
  async compareAndSet(key: unknown, from: unknown, to: unknown, options: CompareAndSetOptions = {}): Promise<boolean> {
    const { createIfMissing = false, ...rest } = options;
    const created = createIfMissing ? { create_if_not_exists: true } : {};
    try {
      await this.#ask(this.#service, { type: "cas", key, from, to, ...created }, rest);
      return true;
    } catch (error) {
      const { kind } = error instanceof MaelstromError ? error : { kind: undefined };
      if (kind === "precondition-failed" || kind === "key-does-not-exist") return false;
      throw error;
    }
  }

  /**
   * Replaces a value by what `change` makes of it, as if nobody else were there, and resolves with that.
   *
   * Begins anew when another was faster, up to `conflictsMax` [64] times; then rejects with `txn-conflict`.
   */
  async update<Value>(
    key: unknown,
    change: (value: Value | undefined) => Value,
    { conflictsMax = conflictsMaxDefault, ...options }: RpcOptions & { readonly conflictsMax?: number } = {},
  ): Promise<Value> {
    for (let conflicts = 0; conflicts <= conflictsMax; conflicts++) {
      const found = await this.read<Value>(key, options);
      const changed = change(found);
      const rest = { ...options, tries: 1, createIfMissing: found === undefined };
      if (await this.compareAndSet(key, found ?? null, changed, rest)) return changed;
    }
    throw new MaelstromError(
      "txn-conflict",
      `others changed ${JSON.stringify(key)} ${conflictsMax + 1} times meanwhile`,
    );
  }
}

/** Maelstrom's `lin-tso`: whole numbers, each larger than all given out before it was asked for. */
export class TimestampOracle {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async next(options: RpcOptions = {}): Promise<number> {
    const { ts } = await this.#ask("lin-tso", { type: "ts" }, options);
    if (typeof ts === "number") return ts;
    throw new MaelstromError("crash", `lin-tso answered with no timestamp: ${JSON.stringify(ts)}`);
  }
}
