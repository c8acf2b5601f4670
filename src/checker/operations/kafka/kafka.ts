import type { OperationEvent } from "../event.ts";
import { Findings } from "../findings.ts";
import type { Judgement } from "../judgement.ts";
import { assembleLogs, findContradictions, type Log } from "./logs.ts";
import { findStumbles } from "./progress.ts";
import { type Message, type Request, readRequests } from "./requests.ts";

/** What is known of one message of a key. */
interface Fate {
  readonly sender: Request;
  /** The first request that polled it. */
  poller: Request | undefined;
}

type Fates = ReadonlyMap<string, ReadonlyMap<Message, Fate>>;

/**
 * Whether logs by key keep what is sent to them: each message at one offset of its own, polled in order by everyone.
 *
 * A message that a send acknowledged and nobody polled is `unseen`; `lost-write` if a later one of its key was polled.
 */
export function judgeKafka(history: readonly OperationEvent[]): Judgement {
  const findings = new Findings();
  const requests = readRequests(history, findings);
  const logs = assembleLogs(requests);
  const fates = followMessages(requests, findings);
  findContradictions(logs, findings);
  findStumbles(requests, logs, findings);
  for (const [key, messages] of fates) {
    const log = logs.get(key);
    if (log !== undefined) findLostWrites(key, messages, log, findings);
    findUnseen(key, messages, findings);
  }
  const answered = requests.filter(({ outcome }) => outcome === "ok");
  const figures = {
    sent: answered.reduce((sum, { sent }) => sum + sent.length, 0),
    polled: answered.reduce((sum, { polled }) => sum + polled.length, 0),
    anomalyCounts: findings.counts(),
  };
  return { valid: findings.anomalies.length === 0, anomalies: findings.anomalies, figures };
}

/** Who sent and who polled each message; finds what nobody should have polled. */
function followMessages(requests: readonly Request[], findings: Findings): Fates {
  const fates = new Map<string, Map<Message, Fate>>();
  for (const sender of requests) {
    for (const { key, message } of sender.sent) {
      const messages = fates.get(key) ?? new Map<Message, Fate>();
      fates.set(key, messages);
      messages.set(message, { sender, poller: undefined });
    }
  }
  for (const poller of requests) {
    for (const { key, message } of poller.polled) {
      const report = (name: string, events: readonly number[], told: string): void =>
        findings.add(name, events, () => `Message ${message} of key ${key} was polled${told}.`);
      const fate = fates.get(key)?.get(message);
      if (fate === undefined) {
        report("unwritten-read", [poller.index], ", and nobody sent it");
        continue;
      }
      fate.poller ??= poller;
      const { sender } = fate;
      const events = [sender.index, poller.index];
      if (sender === poller) report("precommitted-read", [poller.index], " by the transaction that sent it");
      else if (sender.outcome === "fail") report("G1a", events, ", though its send failed");
      else if ((poller.completedIndex ?? poller.index) < sender.index) {
        report("G1c-realtime", events, " before it was sent");
      }
    }
  }
  return fates;
}

/** A message that certainly is in the log, before one that was polled, and was polled by nobody. */
function findLostWrites(key: string, messages: ReadonlyMap<Message, Fate>, log: Log, findings: Findings): void {
  let highest: Message | undefined;
  for (const [message, { poller }] of messages) {
    const place = log.first.get(message) ?? -1;
    if (poller === undefined || place < 0) continue;
    if (highest === undefined || place > (log.first.get(highest) ?? -1)) highest = message;
  }
  if (highest === undefined) return;
  const bound = log.first.get(highest) ?? -1;
  for (const [message, { sender, poller }] of messages) {
    const place = log.last.get(message);
    if (poller !== undefined || sender.outcome !== "ok" || place === undefined || place > bound) continue;
    const events = [sender.index, messages.get(highest)?.poller?.index ?? sender.index];
    findings.add("lost-write", events, () => {
      const where = `offset ${log.offsets[place]} of key ${key}`;
      return `Message ${message} was sent to ${where}, and nobody polled it, though ${highest}, which is later, was polled.`;
    });
  }
}

function findUnseen(key: string, messages: ReadonlyMap<Message, Fate>, findings: Findings): void {
  const unseen = [...messages].filter(([, { sender, poller }]) => sender.outcome === "ok" && poller === undefined);
  if (unseen.length === 0) return;
  findings.add(
    "unseen",
    unseen.slice(0, 8).map(([, { sender }]) => sender.index),
    () => {
      const shown = unseen.slice(0, 8).map(([message]) => message);
      const more = unseen.length > shown.length ? ", …" : "";
      return `${unseen.length} messages that were sent to key ${key} were polled by nobody: ${shown.join(", ")}${more}.`;
    },
  );
}
