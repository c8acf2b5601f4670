import { jsonCodec } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import { defineMachine, type Machine } from "../../machines/machine.ts";
import type { Offsets } from "../workloads.ts";

/** What can be done to the logs of a queue. */
export type QueueCommand =
  | { readonly kind: "send"; readonly key: string; readonly msg: unknown }
  | { readonly kind: "commit"; readonly offsets: Offsets };

/** What can be asked of them. */
export type QueueQuestion =
  | { readonly kind: "poll"; readonly offsets: Offsets }
  | { readonly kind: "committed"; readonly keys: readonly string[] };

/** A message and its place in the log of its key. */
export type Placed = readonly [offset: number, msg: unknown];

/** What they reply. */
export interface QueueReply {
  readonly msgs: Readonly<Record<string, readonly Placed[]>>;
  readonly offsets: Offsets;
}

interface Queue {
  readonly messages: unknown[];
  /** Everything up to here was processed; -1: nothing. */
  committed: number;
}

/** A log for each key. */
export type QueueState = Map<string, Queue>;

/** Messages of one key in one answer at the most: who wants more asks again. */
const pollCountMax = 256;

const entries = jsonCodec<readonly (readonly [key: string, queue: Queue])[]>();

/** Logs by key: sending gives the offset, from 0 on without gaps; what was committed never goes back. */
export const queues: Machine<QueueState, QueueCommand, number, QueueQuestion, QueueReply> = defineMachine<
  QueueState,
  QueueCommand,
  number,
  QueueQuestion,
  QueueReply
>({
  initial: () => new Map(),
  apply: (state, command) => {
    switch (command.kind) {
      case "send":
        return queueOf(state, command.key).messages.push(command.msg) - 1;
      case "commit":
        for (const [key, offset] of Object.entries(command.offsets)) {
          const queue = queueOf(state, key);
          queue.committed = Math.max(queue.committed, offset);
        }
        return 0;
      default:
        return unreachable(command);
    }
  },
  query: (state, question) => {
    switch (question.kind) {
      case "poll":
        return { msgs: Object.fromEntries(poll(state, question.offsets)), offsets: {} };
      case "committed":
        return { msgs: {}, offsets: Object.fromEntries(committed(state, question.keys)) };
      default:
        return unreachable(question);
    }
  },
  snapshot: (state) => entries.encode([...state]),
  restore: (snapshot) => new Map(entries.decode(snapshot)),
});

function queueOf(state: QueueState, key: string): Queue {
  const found = state.get(key) ?? { messages: [], committed: -1 };
  state.set(key, found);
  return found;
}

function* poll(state: QueueState, offsets: Offsets): Generator<[string, Placed[]]> {
  for (const [key, first] of Object.entries(offsets)) {
    const messages = state.get(key)?.messages.slice(first, first + pollCountMax) ?? [];
    if (messages.length > 0) yield [key, messages.map((msg, at): Placed => [first + at, msg])];
  }
}

function* committed(state: QueueState, keys: readonly string[]): Generator<[string, number]> {
  for (const key of keys) {
    const offset = state.get(key)?.committed ?? -1;
    if (offset >= 0) yield [key, offset];
  }
}
