import { type OperationEvent, type OperationPair, pairEvents } from "../event.ts";
import type { Findings } from "../findings.ts";
import { identityOf, show } from "../identity.ts";

/** A message of one key, in the form by which it is told apart. */
export type Message = number | string;

/** One message that a request sent or polled. */
export interface Seen {
  readonly key: string;
  readonly message: Message;
  /** Where it is in the log of its key; `undefined` for a message sent without an answer. */
  readonly offset: number | undefined;
}

/** A request of a client with all that it sent and polled. */
export interface Request {
  /** Places of its events in the history; without an end it is still open. */
  readonly index: number;
  readonly completedIndex: number | undefined;
  readonly process: number;
  readonly outcome: "ok" | "info" | "fail";
  readonly sent: readonly Seen[];
  readonly polled: readonly Seen[];
  /** The keys that are polled from now on; `undefined` for what is no `assign`. */
  readonly assigned: ReadonlySet<string> | undefined;
  /** Whether they are polled from their beginning. */
  readonly isRewound: boolean;
}

/**
 * Reads the requests of a history: `send`, `poll` and `txn`, whose values are lists of `["send", key, message]` and
 * `["poll"]`, answered by `["send", key, [offset, message]]` and `["poll", {key: [[offset, message], …]}]`; and
 * `assign` or `subscribe` to a list of keys. Answers of another form are a finding, and count as unknown.
 */
export function readRequests(history: readonly OperationEvent[], findings: Findings): Request[] {
  return pairEvents(history).map((pair) => readRequest(pair, findings));
}

function readRequest({ index, invoked, completed, completedIndex }: OperationPair, findings: Findings): Request {
  const outcome = completed === undefined || completed.type === "invoke" ? "info" : completed.type;
  const request = { index, completedIndex, process: invoked.process, outcome, sent: [], polled: [] } as const;
  if (invoked.f === "assign" || invoked.f === "subscribe") {
    const keys = Array.isArray(invoked.value) ? invoked.value.map(String) : [];
    return { ...request, assigned: new Set(keys), isRewound: invoked.seekToBeginning === true };
  }
  const untouched = { ...request, assigned: undefined, isRewound: false };
  if (invoked.f !== "send" && invoked.f !== "poll" && invoked.f !== "txn") return untouched;
  const asked = Array.isArray(invoked.value) ? invoked.value : [];
  const unanswered = asked.flatMap((step): Seen[] => {
    if (!Array.isArray(step) || step[0] !== "send") return [];
    return [{ key: String(step[1]), message: identityOf(step[2]), offset: undefined }];
  });
  if (outcome !== "ok") return { ...untouched, sent: unanswered };
  const answered = readAnswer(asked, completed?.value);
  if (answered !== undefined) return { ...untouched, ...answered };
  findings.add("malformed-answer", [index], () => {
    return `The answer to ${show(invoked.value)} was ${show(completed?.value)}, which does not fit it.`;
  });
  return { ...untouched, sent: unanswered };
}

function readAnswer(asked: readonly unknown[], value: unknown): Pick<Request, "sent" | "polled"> | undefined {
  if (!Array.isArray(value) || value.length !== asked.length) return undefined;
  const sent: Seen[] = [];
  let polled: readonly Seen[] = [];
  for (const [at, step] of value.entries()) {
    if (!Array.isArray(step) || !Array.isArray(asked[at]) || step[0] !== asked[at][0]) return undefined;
    if (step[0] === "send") {
      const seen = readSeen(String(asked[at][1]), step[2]);
      if (seen === undefined || seen.message !== identityOf(asked[at][2])) return undefined;
      sent.push(seen);
    } else {
      const read = readPolled(step[1]);
      if (read === undefined) return undefined;
      polled = polled.concat(read);
    }
  }
  return { sent, polled };
}

function readPolled(value: unknown): Seen[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const polled: Seen[] = [];
  for (const [key, pairs] of Object.entries(value)) {
    if (!Array.isArray(pairs)) return undefined;
    for (const pair of pairs) {
      const seen = readSeen(key, pair);
      if (seen === undefined) return undefined;
      polled.push(seen);
    }
  }
  return polled;
}

function readSeen(key: string, pair: unknown): Seen | undefined {
  if (!Array.isArray(pair) || pair.length !== 2 || !Number.isSafeInteger(pair[0])) return undefined;
  return { key, offset: pair[0], message: identityOf(pair[1]) };
}
