import { nextBelow, type Random } from "../../base/random.ts";
import { judgeRegisters } from "./register-history.ts";
import { anyField } from "./replies.ts";
import type { Generator, Request, Workload } from "./workload.ts";

/** Processes that use one key before the next one has its turn: those that crashed make a check dear. */
const processesMax = 20;
const valueCount = 5;

/** Registers that behave as if there were one copy of each. */
export const linearizableStore: Workload = {
  name: "lin-kv",
  harmless: ["read"],
  timeoutMs: ({ latencyMs }) => Math.max(10 * latencyMs, 1000),
  newGenerator: (random, { nodes, concurrency }) => newRegisterCalls(random, 2 * nodes.length, concurrency),
  newClient: () => ({
    invoke: async ({ f, value }, ask) => {
      const [key, argument] = value as readonly [unknown, unknown];
      if (f === "read") return [key, anyField(await ask({ type: "read", key }), "value")];
      if (f === "write") await ask({ type: "write", key, value: argument });
      else {
        const [from, to] = argument as readonly [unknown, unknown];
        await ask({ type: "cas", key, from, to });
      }
      return value;
    },
  }),
  judge: judgeRegisters,
};

interface Group {
  key: number;
  readonly processes: Set<number>;
}

/** Groups of clients work on a key each: the first half of a group reads, the rest writes or swaps. */
function newRegisterCalls(random: Random, groupSize: number, concurrency: number): Generator {
  const size = Math.min(groupSize, concurrency);
  const groups: Group[] = Array.from({ length: Math.ceil(concurrency / size) }, (_, key) => ({
    key,
    processes: new Set(),
  }));
  let nextKey = groups.length;
  return {
    next: (thread, process) => {
      const group = groups[Math.floor(thread / size)] as Group;
      group.processes.add(process);
      if (group.processes.size > processesMax) {
        group.key = nextKey++;
        group.processes.clear();
        group.processes.add(process);
      }
      const isReader = size === 1 ? nextBelow(random, 2) === 0 : thread % size < size / 2;
      return isReader ? { f: "read", value: [group.key, null] } : newChange(random, group.key);
    },
  };
}

/** Swaps are twice as frequent as writes. */
function newChange(random: Random, key: number): Request {
  const value = (): number => nextBelow(random, valueCount);
  if (nextBelow(random, 3) === 0) return { f: "write", value: [key, value()] };
  return { f: "cas", value: [key, [value(), value()]] };
}
