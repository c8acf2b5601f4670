/** What a client did or saw: it asked; it was answered; it was refused, certainly without effect; or nobody knows. */
export type EventKind = "invoke" | "ok" | "fail" | "info";

/**
 * One line of the history of a test: a client's process asks for something, or hears what came of it.
 *
 * A process has one request open at a time. After `info` it never asks again: its client goes on under a new number.
 * `value` is in the words of the workload; what is read is filled in when it completes. From outside, so not trusted.
 */
export interface OperationEvent {
  readonly process: number;
  readonly type: EventKind;
  /** The function asked for, such as `read`. */
  readonly f: string;
  readonly value: unknown;
  /** Whole nanoseconds since the test began. */
  readonly timeNs: number;
  /** The node that was asked. */
  readonly node?: string;
  /** Why it failed, or why nobody knows. */
  readonly error?: string;
  /** Asked after all faults had ended and the cluster had time to recover. */
  readonly final?: true;
  /** Kafka's `assign`: polling starts again at the first offset. */
  readonly seekToBeginning?: true;
}

/** A request with what came of it; `completed` is undefined for one that was still open when the test ended. */
export interface OperationPair {
  /** The request's place in the history, from 0. */
  readonly index: number;
  readonly invoked: OperationEvent;
  readonly completed: OperationEvent | undefined;
  /** The place of what came of it. */
  readonly completedIndex: number | undefined;
}

/** Joins requests and what came of them, in the order in which they were asked for. */
export function pairEvents(events: readonly OperationEvent[]): OperationPair[] {
  const pairs: { -readonly [Name in keyof OperationPair]: OperationPair[Name] }[] = [];
  const open = new Map<number, (typeof pairs)[number]>();
  for (const [index, event] of events.entries()) {
    if (event.type === "invoke") {
      const pair = { index, invoked: event, completed: undefined, completedIndex: undefined };
      pairs.push(pair);
      open.set(event.process, pair);
      continue;
    }
    const pair = open.get(event.process);
    if (pair !== undefined) {
      pair.completed = event;
      pair.completedIndex = index;
    }
    open.delete(event.process);
  }
  return pairs;
}
