import type { NodeId } from "../../../base/ids.ts";
import { invariant, unreachable } from "../../../base/invariant.ts";
import { majority } from "../../../protocols/quorum/majority.ts";
import type { Vote } from "../../../protocols/synod/acceptor.ts";
import { type Ballot, compareBallots } from "../../../protocols/synod/ballot.ts";
import { unlimited } from "../budget.ts";
import type { Explorable, Moment } from "../explorable.ts";
import { SynodMember, type SynodMessage, type SynodState, type SynodVocabulary } from "./synod-member.ts";

/** How much of the synod is explored. */
export interface SynodLimits {
  /** All of them acceptors. */
  readonly members: number;
  /** Those of them who propose. */
  readonly proposers: number;
  /** Ballots that each proposer may begin. */
  readonly ballots: number;
}

/** What has happened and binds all that follows. */
export interface SynodHistory {
  /** By ballot, as words: what it stands for, and who has voted for it. */
  readonly ballots: ReadonlyMap<string, { readonly value: string; readonly voters: ReadonlySet<NodeId> }>;
  readonly chosen: string | undefined;
}

/** What one step adds. */
export type SynodFact =
  | { readonly kind: "votes"; readonly id: NodeId; readonly vote: Vote<string> }
  | { readonly kind: "learns"; readonly id: NodeId; readonly value: string };

/** The synod's words, and what is remembered of a run. */
export interface SynodTerms extends SynodVocabulary {
  readonly state: SynodState;
  readonly fact: SynodFact;
  readonly history: SynodHistory;
}

/** The synod of production, with nothing around it but messages. */
export function explorableSynod({ members, proposers, ballots }: SynodLimits): Explorable<SynodTerms> {
  const ids = Array.from({ length: members }, (_, at) => String.fromCharCode(97 + at));
  const proposing = ids.slice(0, proposers);
  return {
    ids,
    interchangeable: ids.slice(proposers), // of proposers the names are in their ballots, and have an order
    opening: undefined,
    start: (id) => SynodMember.start(id, ids),
    resume: (state) => new SynodMember(state),
    calm: () => {},
    essence: ({ id: _, members: __, ...state }) => state,
    isSpent: () => true, // ballots only grow, and nobody counts twice
    alarms: [
      {
        budget: unlimited, // each counts its own
        mayRing: ({ id, tries }) => proposing.includes(id) && tries < ballots,
        ring: (_, take) => take({ kind: "tick" }),
        words: (id) => `${id} begins a ballot`,
      },
    ],
    questions: [],
    facts: synodFacts,
    firstHistory: { ballots: new Map(), chosen: undefined },
    remember: (history, facts) => facts.reduce((before, fact) => rememberOne(before, fact, members), history),
    check: () => {}, // a step or the history shows what there is
    words: {
      message: messageWords,
      request: (request) => unreachable(request),
      record: (record) => unreachable(record),
      state: stateWords,
      output: ({ value }) => `knows that ${value} is chosen`,
    },
  };
}

/** What a step adds to the history; throws when it breaks a promise by itself. */
function synodFacts({ id, before, after, outputs }: Moment<SynodTerms>): SynodFact[] {
  const { promised, accepted } = after.acceptor;
  const old = before.acceptor;
  const isHeeded =
    old.promised === undefined || (promised !== undefined && compareBallots(promised, old.promised) >= 0);
  invariant(isHeeded, `who has promised a ballot heeds no lower one: ${id}`);
  const facts: SynodFact[] = [];
  if (
    accepted !== undefined &&
    (old.accepted === undefined || compareBallots(accepted.ballot, old.accepted.ballot) !== 0)
  ) {
    facts.push({ kind: "votes", id, vote: accepted });
  }
  for (const { value } of outputs) facts.push({ kind: "learns", id, value });
  return facts;
}

function rememberOne(history: SynodHistory, fact: SynodFact, memberCount: number): SynodHistory {
  if (fact.kind === "learns") {
    const told = `${fact.id} takes ${fact.value} for it, ${history.chosen ?? "nothing"} is`;
    invariant(fact.value === history.chosen, `what a proposer takes for chosen is: ${told}`);
    return history;
  }
  const { ballot, value } = fact.vote;
  const name = ballotWords(ballot);
  const known = history.ballots.get(name) ?? { value, voters: new Set() };
  invariant(known.value === value, `a ballot stands for one value: ${name} for ${known.value} and ${value}`);
  const voters = new Set([...known.voters, fact.id]);
  const ballots = new Map([...history.ballots, [name, { value, voters }]]);
  if (voters.size < majority(memberCount)) return { ...history, ballots };
  const chosen = history.chosen ?? value;
  invariant(chosen === value, `one value is chosen: ${chosen}, and ${value} in ${name}`);
  return { ballots, chosen };
}

function ballotWords({ round, node }: Ballot): string {
  return `${round}${node}`;
}

function voteWords(vote: Vote<string> | undefined): string {
  return vote === undefined ? "" : `, voted for ${vote.value} in ${ballotWords(vote.ballot)}`;
}

function messageWords(message: SynodMessage): string {
  const ballot = ballotWords(message.ballot);
  switch (message.kind) {
    case "promise":
      return `promise ${ballot}${voteWords(message.accepted)}`;
    case "accept":
      return `accept ${ballot}: ${message.value}`;
    case "prepare":
    case "accepted":
      return `${message.kind} ${ballot}`;
    default:
      return unreachable(message);
  }
}

function stateWords({ acceptor: { promised, accepted } }: Readonly<SynodState>): string {
  return `${promised === undefined ? "free" : `promised ${ballotWords(promised)}`}${voteWords(accepted)}`;
}
