import type { Findings } from "../operations/findings.ts";
import type { Dependencies } from "./dependencies.ts";
import { mayHaveHappened, type Transactions } from "./steps.ts";
import { orderVersions, type VersionRule } from "./version-order.ts";

/**
 * Dependencies between transactions on registers. That a value was read shows who wrote it; which of two values is the
 * newer is known only as far as the rules tell, and that every value is newer than none at all.
 */
export function dependOnRegisters(
  transactions: Transactions,
  rules: readonly VersionRule[],
  dependencies: Dependencies,
  findings: Findings,
): void {
  const { all, writes, keys } = transactions;
  const readers = new Map<number, Set<number>>();
  const readersOfNothing = keys.map(() => new Set<number>());
  for (const { number, steps } of all) {
    for (const step of steps) {
      if (step.kind === "write" || step.seen === undefined) continue;
      const [version] = step.seen;
      const write = writes[version ?? -1];
      if (version === undefined) readersOfNothing[step.key]?.add(number);
      else if (write !== undefined && mayHaveHappened(transactions, write)) {
        dependencies.add(write.transaction, number, "wr", version);
        const known = readers.get(version);
        if (known === undefined) readers.set(version, new Set([number]));
        else known.add(number);
      }
    }
  }
  const finalWrites = keys.map((): { transaction: number; write: number }[] => []);
  for (const [write, entry] of writes.entries()) {
    if (entry.isIntermediate || !mayHaveHappened(transactions, entry)) continue;
    finalWrites[entry.key]?.push({ transaction: entry.transaction, write });
  }
  for (const [key, nobody] of readersOfNothing.entries()) {
    dependencies.fan([...nobody], finalWrites[key] ?? [], "rw");
  }
  for (const pairs of orderVersions(transactions, rules, findings)) {
    for (const [older, newer] of pairs) {
      if (older === -1) continue;
      const targets = [...newer].filter((write) => write !== -1);
      const writers = targets.map((write) => ({ transaction: writes[write]?.transaction ?? -1, write }));
      dependencies.fan([writes[older]?.transaction ?? -1], writers, "ww");
      dependencies.fan([...(readers.get(older) ?? [])], writers, "rw");
    }
  }
}
