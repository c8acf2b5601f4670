import { randomInt } from "node:crypto";

/** Seeds a core's jitter and names this run of the process: drawn anew at each start. */
export function newSeed(): number {
  return randomInt(2 ** 47);
}
