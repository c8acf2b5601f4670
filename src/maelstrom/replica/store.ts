import { isDeepStrictEqual } from "node:util";
import { jsonCodec } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import { defineMachine, type Machine } from "../../machines/machine.ts";
import type { Operation } from "../workloads.ts";

/** What can be done to the store: several steps at once, or one under a condition. */
export type StoreCommand =
  | { readonly kind: "txn"; readonly txn: readonly Operation[] }
  | { readonly kind: "cas"; readonly key: unknown; readonly from: unknown; readonly to: unknown };

/** What came of it. */
export type StoreAnswer =
  /** With the values that were read. */
  | { readonly kind: "done"; readonly txn: readonly Operation[] }
  /** Nothing was changed: the key does not exist, or has another value. */
  | { readonly kind: "missing" }
  | { readonly kind: "different"; readonly found: unknown };

/**
 * Values by key, as JSON texts: keys are any JSON. `null` is no value: who writes it removes the key.
 *
 * A value is never changed in place: answers hold it.
 */
export type StoreState = Map<string, unknown>;

const entries = jsonCodec<readonly (readonly [key: string, value: unknown])[]>();

/** Keys and values of any sort, changed by transactions; a question is a transaction that only reads. */
export const store: Machine<StoreState, StoreCommand, StoreAnswer, readonly Operation[], readonly Operation[]> =
  defineMachine<StoreState, StoreCommand, StoreAnswer, readonly Operation[], readonly Operation[]>({
    initial: () => new Map(),
    apply: (state, command) => {
      switch (command.kind) {
        case "txn":
          return { kind: "done", txn: carryOut(state, command.txn) };
        case "cas":
          return compareAndSet(state, command);
        default:
          return unreachable(command);
      }
    },
    query: carryOut,
    snapshot: (state) => entries.encode([...state]),
    restore: (snapshot) => new Map(entries.decode(snapshot)),
  });

function carryOut(state: StoreState, txn: readonly Operation[]): readonly Operation[] {
  return txn.map((operation): Operation => {
    const [kind, key, value] = operation;
    const name = JSON.stringify(key);
    switch (kind) {
      case "r":
        return [kind, key, state.get(name) ?? null];
      case "w":
        put(state, name, value);
        return operation;
      case "append":
        state.set(name, [...((state.get(name) ?? []) as readonly unknown[]), value]);
        return operation;
      default:
        return unreachable(kind);
    }
  });
}

function compareAndSet(state: StoreState, { key, from, to }: Extract<StoreCommand, { kind: "cas" }>): StoreAnswer {
  const name = JSON.stringify(key);
  if (!state.has(name)) return { kind: "missing" };
  const found = state.get(name);
  if (!isDeepStrictEqual(found, from)) return { kind: "different", found };
  put(state, name, to);
  return { kind: "done", txn: [] };
}

function put(state: StoreState, name: string, value: unknown): void {
  if (value === null) state.delete(name);
  else state.set(name, value);
}
