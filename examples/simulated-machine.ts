// A machine of your own in 40 hostile worlds, checked for linearizability. Run: npx tsx examples/simulated-machine.ts
import { defineMachine } from "quorate";
import { simulate } from "quorate/simulator";

/** Accounts that money moves between; none may be overdrawn. */
const bank = defineMachine({
  initial: () => ({ balances: { ann: 100, bob: 100, cyd: 100 } as Record<string, number> }),
  apply: ({ balances }, { from, to, amount }: { from: string; to: string; amount: number }) => {
    const left = (balances[from] ?? 0) - amount;
    if (left < 0) return { moved: false, left: balances[from] ?? 0 };
    balances[from] = left;
    balances[to] = (balances[to] ?? 0) + amount;
    return { moved: true, left };
  },
  query: ({ balances }, account: string) => balances[account] ?? 0,
});

const accounts = ["ann", "bob", "cyd"];

const report = await simulate({
  seeds: 40,
  operations: 60,
  machine: bank,
  workload: {
    command: (chance) => ({ from: chance.oneOf(accounts), to: chance.oneOf(accounts), amount: chance.below(80) }),
    question: (chance) => chance.oneOf(accounts),
  },
  invariants: {
    "no account is overdrawn": ({ balances }) => Object.values(balances).every((balance) => balance >= 0),
    "money is neither made nor lost": ({ balances }) =>
      Object.values(balances).reduce((sum, balance) => sum + balance, 0) === 300,
  },
});

report.assertOk(); // or throws: which seed, what happened, the smallest run that fails alike
console.log(`${report.runs} worlds, ${report.faultCount} faults, ${report.counts.answered} calls answered, all right`);
