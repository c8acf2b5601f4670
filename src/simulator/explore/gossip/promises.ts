import { invariant, unreachable } from "../../../base/invariant.ts";
import { addAll, type Holdings, type ReadonlyHoldings } from "../../../protocols/gossip/known/holdings.ts";
import { checkForgotten, checkPeer } from "../../gossip/watch.ts";
import type { Standing } from "../explorable.ts";
import type { GossipFact, GossipHistory, GossipTerms } from "./terms.ts";

/** The history with what a step adds; throws when the two contradict each other. */
export function rememberGossip(history: GossipHistory, facts: readonly GossipFact[]): GossipHistory {
  return facts.reduce(rememberOne, history);
}

function rememberOne(history: GossipHistory, fact: GossipFact): GossipHistory {
  const { submitted, ended } = history;
  switch (fact.kind) {
    case "submits":
      invariant(!submitted.has(fact.name), `a name stands for one rumour: ${fact.name}`);
      return { ...history, submitted: new Map([...submitted, [fact.name, fact.text]]) };
    case "delivers": {
      const told = `${fact.by} delivers ${fact.text} as ${fact.name}`;
      invariant(submitted.get(fact.name) === fact.text, `what is delivered was submitted (Integrity): ${told}`);
      return history;
    }
    case "misses": {
      const isOlder = fact.before.some((life) => ended.get(life)?.submitted.has(fact.name) === true);
      invariant(isOlder, `only what is older than a life is missed in it: ${fact.name} by ${fact.by}`);
      return history;
    }
    case "ends": {
      const end = { known: fact.known, submitted: new Set(submitted.keys()) };
      return { ...history, ended: new Map([...ended, [fact.by, end]]) };
    }
    default:
      return unreachable(fact);
  }
}

/** Throws when a member believes what is not so, or has nothing in hand of what somebody lacks. */
export function checkGossip(members: readonly Standing<GossipTerms>[], { ended }: GossipHistory): void {
  const lives = new Map<string, ReadonlyHoldings>([...ended].map(([origin, { known }]) => [origin, known]));
  for (const { state } of members) lives.set(state.origin, state.known);
  const everOf = (member: string): ReadonlyHoldings => {
    const ever: Holdings = new Map();
    for (const [origin, known] of lives) if (origin.startsWith(`${member}#`)) addAll(ever, known);
    return ever;
  };
  for (const { state } of members) {
    const { id } = state.config;
    for (const peer of state.peers.values()) {
      checkPeer(id, state, peer, lives.get(`${peer.id}#${peer.incarnation}`) ?? new Map());
    }
    checkForgotten(id, state, everOf);
  }
}
