import { invariant } from "../../../base/invariant.ts";
import { fromUtf8 } from "../../../base/text.ts";
import type { GossipState } from "../../../protocols/gossip/index.ts";
import type { ReadonlyHoldings } from "../../../protocols/gossip/known/holdings.ts";
import { checkOwn } from "../../gossip/watch.ts";
import type { Moment } from "../explorable.ts";
import type { GossipFact, GossipTerms } from "./terms.ts";

type State = Readonly<GossipState>;

/** What a member's next rumour says: its own name, so that what is known tells what is in hand. */
export function rumourText({ origin, submitted }: State): string {
  return `${origin}/${submitted + 1}`;
}

/** Each number that is held, named `origin/number`. */
function namesOf(holdings: ReadonlyHoldings): Set<string> {
  const names = new Set<string>();
  for (const [origin, ranges] of holdings) {
    for (const [first, last] of ranges)
      for (let number = first; number <= last; number++) names.add(`${origin}/${number}`);
  }
  return names;
}

/** What a step adds to the history; throws when it breaks a promise by itself. */
export function gossipFacts(moment: Moment<GossipTerms>): GossipFact[] {
  const { id, before, after, request, outputs } = moment;
  checkOwn(id, after);
  const by = before.origin;
  if (after.origin !== by) return [{ kind: "ends", by, known: before.known }];
  const facts: GossipFact[] = [];
  for (const output of outputs) {
    if (output.kind === "accepted" && request?.kind === "submit") {
      const text = fromUtf8(request.payloads[0] ?? new Uint8Array());
      facts.push({ kind: "submits", name: `${output.origin}/${output.first}`, text });
    }
    if (output.kind === "deliver") {
      for (const [at, payload] of output.payloads.entries()) {
        facts.push({ kind: "delivers", by, name: `${output.origin}/${output.first + at}`, text: fromUtf8(payload) });
      }
    }
    if (output.kind === "missed") {
      const names = namesOf(new Map(output.numbers.map(({ origin, ranges }) => [origin, ranges])));
      for (const name of names) facts.push({ kind: "misses", by, name, before: earlierLives(after) });
    }
  }
  checkTaken(id, before, after, facts);
  return facts;
}

function earlierLives({ config }: State): string[] {
  return Array.from({ length: config.incarnation - 1 }, (_, at) => `${config.id}#${at + 1}`);
}

/** A number is delivered, or missed, exactly when it enters what is known: so it is once in a life. */
function checkTaken(id: string, before: State, after: State, facts: readonly GossipFact[]): void {
  const [old, known] = [namesOf(before.known), namesOf(after.known)];
  const taken = facts.flatMap((fact) => (fact.kind === "delivers" || fact.kind === "misses" ? [fact.name] : []));
  const isOnce = new Set(taken).size === taken.length && taken.every((name) => !old.has(name) && known.has(name));
  const isAll = known.size === old.size + taken.length && [...old].every((name) => known.has(name));
  invariant(isOnce && isAll, `what becomes known is delivered, or missed, once (Integrity): ${id}, ${taken}`);
}
