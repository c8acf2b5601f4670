import { nextBelow, type Random } from "../../base/random.ts";
import { type KvCall, type KvResult, kvModel } from "../../checker/models/kv.ts";
import { type KvAnswer, type KvCommand, type KvQuestion, type KvReply, kvMachine } from "../../machines/kv.ts";
import { type Asked, defineWorkload, type Memory, type Workload } from "./workload.ts";

/** `ifSeen`: only if the key has the version that the client saw last, or none if it saw none. */
interface Call {
  readonly kind: "put" | "delete" | "get";
  readonly key: string;
  readonly value: string;
  readonly ifSeen: boolean;
}

type KvAsked = Asked<KvCommand, Extract<KvQuestion, { kind: "get" }>>;

const keyCount = 6;
const kinds = ["put", "put", "put", "delete", "get", "get", "get"] as const;

/** Puts, deletes and reads of a few keys, half of the writes as compare-and-set. */
export const kvWorkload: Workload = defineWorkload(
  { name: "kv", machine: kvMachine, draw, ask, learn },
  {
    model: kvModel,
    call: (asked): KvCall => (asked.kind === "command" ? asked.command : asked.question),
    result: (result): KvResult => result as KvResult, // lists are not asked for
  },
);

function draw(random: Random, nth: number): Call {
  const kind = kinds[nextBelow(random, kinds.length)] ?? "get";
  const ifSeen = kind !== "get" && nextBelow(random, 2) === 0;
  return { kind, key: `k${nextBelow(random, keyCount)}`, value: kind === "put" ? `v${nth}` : "", ifSeen };
}

function ask({ kind, key, value, ifSeen }: Call, memory: Memory): KvAsked {
  const seen = ifSeen ? { ifVersion: (memory.get(key) as number | undefined) ?? 0 } : {};
  if (kind === "get") return { kind: "question", question: { kind: "get", key } };
  if (kind === "put") return { kind: "command", command: { kind: "put", key, value, ...seen } };
  return { kind: "command", command: { kind: "delete", key, ...seen } };
}

function learn(asked: KvAsked, result: KvAnswer | KvReply, memory: Memory): void {
  const { key } = asked.kind === "command" ? asked.command : asked.question;
  memory.set(key, "version" in result ? (result.version ?? 0) : 0);
}
