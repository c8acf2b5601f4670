import { invariant } from "../../../base/invariant.ts";
import type { PaxosMessage, PaxosState } from "../../../protocols/multi-paxos/index.ts";
import { slotAt } from "../../../protocols/multi-paxos/log/history.ts";
import type { Moment } from "../explorable.ts";
import { named, type PaxosFact, type PaxosTerms } from "./terms.ts";

type State = Readonly<PaxosState>;
type PaxosMoment = Moment<PaxosTerms>;

/** Reads are numbered from here on, and everything else below: the owner's numbers are never used twice. */
export const firstRead = 100;

/** Clients have the number of their member's place, times this, and of its life. */
export const livesMax = 100;

/** What a step adds to the history; throws when it breaks a promise by itself. */
export function paxosFacts(moment: PaxosMoment): PaxosFact[] {
  const { id, before, after, request, sent, stored, outputs } = moment;
  if (before.life === after.life) checkStep(before, after);
  const facts: PaxosFact[] = [];
  for (const { epoch, start, members } of after.facts.configurations) {
    if (before.facts.configurations.some((known) => known.epoch === epoch)) continue;
    facts.push({ kind: "decides", epoch, start, members: members.map((member) => member.id) });
  }
  for (const record of stored) {
    if (record.kind !== "accepted") continue;
    for (const [at, update] of record.updates.entries()) {
      facts.push({ kind: "accepts", id, view: record.view, seq: record.first + at, update: named(update) });
    }
  }
  if (request?.kind === "barrier") facts.push({ kind: "asks", read: request.id });
  if (after.role === "leader" && (before.role !== "leader" || before.lastInstalled !== after.lastInstalled)) {
    facts.push({ kind: "leads", id, life: after.life % livesMax, view: after.lastInstalled });
  }
  facts.push(...distinct(sent.map(({ message }) => message)).flatMap((message) => factsOf(after, message)));
  facts.push(...ordersOf(moment));
  for (const output of outputs) {
    if (output.kind === "readable") facts.push({ kind: "answers", reads: output.ids, index: output.index });
    if (output.kind === "refused" && output.id >= firstRead) facts.push({ kind: "refuses", read: output.id });
  }
  return facts;
}

/** What is sent to several is one object, or counts as often as it is sent, which does no harm. */
function distinct<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function checkStep(before: State, after: State): void {
  const { id } = after.config;
  invariant(after.lastInstalled >= before.lastInstalled, `an installed view never falls: ${id}`);
  invariant(after.history.aru >= before.history.aru, `what is ordered never falls back: ${id}`);
  invariant(after.lastAttempted >= after.lastInstalled, `attempts are above what is installed: ${id}`);
  invariant(
    after.delivery.delivered <= after.history.aru && before.delivery.delivered <= after.delivery.delivered,
    `only what is ordered is delivered, in order: ${id}`,
  );
}

/** What a member claims by a message. */
function factsOf({ config: { id }, life, history }: State, message: PaxosMessage): PaxosFact[] {
  switch (message.kind) {
    case "prepare":
    case "heirPrepare": {
      const { view } = message;
      return [
        { kind: "promises", id, view },
        { kind: "leads", id, life: life % livesMax, view },
      ];
    }
    case "prepareOk":
      return [{ kind: "promises", id, view: message.view }];
    case "accept": {
      const { view, first, last } = message;
      const seqs = [];
      for (let seq = Math.max(first, history.aru + 1); seq <= last; seq++) {
        if (slotAt(history, seq)?.isOrdered !== true) seqs.push(seq);
      }
      return [
        { kind: "promises", id, view },
        { kind: "acknowledges", id, view, seqs },
      ];
    }
    case "proposal":
      return message.updates.map((update, at) => {
        return { kind: "proposes", view: message.view, seq: message.first + at, update: named(update) };
      });
    default:
      return [];
  }
}

/** What it takes for ordered since this step; after a restart, all that its disk says. */
function ordersOf({ id, before, after }: PaxosMoment): PaxosFact[] {
  const { history } = after;
  const known = before.life === after.life ? before.history.aru : 0;
  const facts: PaxosFact[] = [];
  for (let seq = Math.max(known, history.floor) + 1; seq <= history.aru; seq++) {
    const slot = slotAt(history, seq);
    facts.push({ kind: "orders", id, seq, update: slot && named(slot.update) });
  }
  return facts;
}
