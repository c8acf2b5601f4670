import { chance, nextBelow, type Random } from "../../base/random.ts";
import { judgeTransactions } from "../../checker/index.ts";
import { formatJson, spellJson } from "../network/json.ts";
import { MalformedReplyError } from "../run/rpc-errors.ts";
import { KeyPool } from "./key-pool.ts";
import { fieldOf, isList } from "./replies.ts";
import type { Request, Workload } from "./workload.ts";

/** `["r", key, what was read]`, `["append", key, element]` or `["w", key, value]`. */
type Step = readonly [f: string, key: unknown, value: unknown];

/** Transactions over lists that grow at their ends. */
export const listAppend: Workload = newTransactions("txn-list-append", "append", "list-append");

/** Transactions over registers. */
export const registers: Workload = newTransactions("txn-rw-register", "w", "rw-register");

function newTransactions(name: string, write: string, model: "list-append" | "rw-register"): Workload {
  return {
    name,
    harmless: [],
    newGenerator: (random, { keyCount, maxTxnLength, maxWritesPerKey }) => {
      const keys = new KeyPool(random, keyCount ?? 10, maxWritesPerKey);
      return { next: () => newTransaction(random, keys, maxTxnLength, write) };
    },
    newClient: () => ({
      invoke: async ({ value }, ask) => {
        const reply = await ask({ type: "txn", txn: value });
        return completed(fieldOf(reply, "txn", "a list", isList), value as readonly Step[], model);
      },
    }),
    judge: (history, { consistencyModels }) => judgeTransactions(history, { model, consistency: consistencyModels }),
  };
}

function newTransaction(random: Random, keys: KeyPool, lengthMax: number, write: string): Request {
  const value = Array.from({ length: 1 + nextBelow(random, lengthMax) }, (): Step => {
    if (chance(random, 0.5)) return ["r", keys.any(), null];
    return [write, ...keys.write()];
  });
  return { f: "txn", value };
}

/** The transaction as it was answered: the same steps, with what they read. */
function completed(steps: readonly unknown[], asked: readonly Step[], model: string): readonly unknown[] {
  const isAnswer = (step: unknown, at: number): boolean => {
    const [f, key, value] = asked[at] ?? [];
    if (!isList(step) || step.length !== 3 || step[0] !== f || spellJson(step[1]) !== spellJson(key)) return false;
    if (f !== "r") return spellJson(step[2]) === spellJson(value);
    return model !== "list-append" || step[2] === null || isList(step[2]);
  };
  if (steps.length === asked.length && steps.every(isAnswer)) return steps;
  throw new MalformedReplyError(`the txn ${formatJson(asked)} was answered with ${formatJson(steps)}`);
}
