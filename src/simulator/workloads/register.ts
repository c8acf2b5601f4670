import { nextBelow, type Random } from "../../base/random.ts";
import { kvWorkload } from "./kv.ts";
import type { Workload } from "./workload.ts";

/** Writes and reads of one key by everyone: the most calls at once on one object. */
export const registerWorkload: Workload = { ...kvWorkload, name: "register", draw };

function draw(random: Random, nth: number): object {
  const isWrite = nextBelow(random, 2) === 0;
  return { kind: isWrite ? "put" : "get", key: "r", value: isWrite ? `v${nth}` : "", ifSeen: false };
}
