import { invariant } from "../../base/invariant.ts";
import { majority } from "../../protocols/quorum/majority.ts";
import type { RaftMessage, RaftRecord, RaftState, RaftVocabulary } from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import type { Member, Membership } from "../../protocols/replicated-log.ts";
import type { Watch } from "../protocol.ts";
import { checkBounds } from "./bounds.ts";
import { LogWatch } from "./log-watch.ts";

type State = Readonly<RaftState>;

/** What was true of a member after its last step. */
interface Glimpse {
  term: number;
  role: RaftState["role"];
  commit: number;
  base: number;
  applied: number;
  /** Where the newest membership stands. */
  configured: number;
}

/** A committed entry's term, and the term in which it was committed. */
interface Chosen {
  readonly term: number;
  readonly committedIn: number;
}

/**
 * Raft's properties (paper figure 3 and what follows from them), checked after every step of any member.
 *
 * Each step costs what it changed: only the member that stepped is looked at, and of its log only what is new.
 */
export class RaftWatch implements Watch<RaftVocabulary, RaftState> {
  readonly #leaders = new Map<number, string>();
  /** Whom each member has granted its vote, by term. */
  readonly #votes = new Map<string, string>();
  /** By index. */
  readonly #chosen: Chosen[] = [{ term: 0, committedIn: 0 }];
  readonly #seen = new Map<string, Glimpse>();
  /** The live states; of a member that is down, how it died. */
  readonly #states = new Map<string, State>();
  readonly #logs = new LogWatch();
  /** Checks made. */
  checks = 0;
  elections = 0;

  /** What every member takes for the membership; of one that is down, what it took. */
  *memberships(): Iterable<Membership> {
    for (const { membership } of this.#states.values()) yield membership;
  }

  started(id: string, state: State): void {
    const before = this.#states.get(id);
    if (before !== undefined) durableSurvives(id, before, state);
    this.#states.set(id, state);
    this.#seen.set(id, glimpse(state));
    this.#logs.started(id, state);
    this.#baseIsChosen(id, state);
  }

  wiped(id: string): void {
    this.#states.delete(id);
    this.#seen.delete(id);
  }

  persisted(id: string, record: RaftRecord): void {
    const state = this.#states.get(id);
    const before = this.#seen.get(id);
    const isLeading = state?.role === "leader" && before?.role === "leader" && before.term === state.term;
    this.#logs.persisted(id, record, isLeading);
  }

  /** What leaves a member must be so: it cannot be taken back. */
  sent(id: string, to: string, message: RaftMessage): void {
    if (message.kind === "voteReply" && message.granted) this.#voted(id, to, message.term);
    if (message.kind === "vote") this.#voted(id, id, message.term);
    const state = this.#states.get(id);
    if (message.kind === "timeoutNow" && state !== undefined) {
      const durable = this.#states.get(to)?.log.durable ?? 0;
      const hasAll = message.term !== state.term || durable >= state.log.last;
      invariant(hasAll, `who is told to lead has all of the log: ${to} ${durable} of ${state.log.last}`);
    }
    if (message.kind !== "appendReply" || message.term !== state?.term) return; // an older leader's log may be gone
    const { durable } = state.log;
    if (message.match <= durable) return;
    invariant(false, `only what is durable is acknowledged: ${id} ${message.match} of ${durable}`);
  }

  #voted(id: string, candidate: string, term: number): void {
    const key = `${id} ${term}`;
    const before = this.#votes.get(key) ?? candidate;
    invariant(before === candidate, `a member votes once a term: ${id} for ${before} and ${candidate} in ${term}`);
    this.#votes.set(key, candidate);
  }

  stepped(id: string, state: State): void {
    this.checks++;
    const before = this.#seen.get(id) ?? glimpse(state);
    neverBack(id, before, state);
    this.#logs.stepped(id, state);
    if (state.commit !== before.commit) this.#committed(id, state, before.commit);
    if (state.log.base.index !== before.base) this.#baseIsChosen(id, state);
    if (state.role === "leader" && (before.role !== "leader" || before.term !== state.term)) this.#elected(id, state);
    const configured = state.log.configurations.at(-1)?.index ?? 0;
    if (state.role === "leader" && configured !== before.configured) jointly(id, state);
    before.configured = configured;
    checkBounds(id, state); // last: what the paper says is told first
    before.term = state.term;
    before.role = state.role;
    before.commit = state.commit;
    before.base = state.log.base.index;
    before.applied = state.delivery.applied;
    this.#seen.set(id, before);
  }

  #elected(id: string, state: State): void {
    this.elections++;
    const leader = this.#leaders.get(state.term) ?? id;
    invariant(leader === id, `at most one leader is elected in term ${state.term} (Election Safety): ${leader}, ${id}`);
    this.#leaders.set(state.term, id);
    this.#leaderCompleteness(id, state);
  }

  /** A member that stood still may still win an old term: it has what was committed in the terms before that. */
  #leaderCompleteness(id: string, { log, term }: State): void {
    for (let index = log.base.index; index < this.#chosen.length; index++) {
      const entry = this.#chosen[index];
      if (entry === undefined || entry.committedIn >= term) continue;
      const has = termAt(log, index) === entry.term;
      invariant(has, `a leader has what was committed in earlier terms (Leader Completeness): ${id} at ${index}`);
    }
  }

  /** What is committed was stored by a majority first, is learnt from its leader, and never becomes another entry. */
  #committed(id: string, state: State, before: number): void {
    for (let index = before + 1; index <= state.commit; index++) {
      const term = termAt(state.log, index);
      if (term === undefined) continue; // known through a snapshot
      const known = this.#chosen[index];
      if (known === undefined) {
        invariant(state.role === "leader", `a leader is the first to know a commit: ${id} at ${index}`);
        this.#committedOnQuorum(id, state, index, term);
        this.#chosen[index] = { term, committedIn: state.term };
      } else invariant(known.term === term, `what is committed never changes (Committed Immutable): ${id} at ${index}`);
    }
  }

  /** During a change of members a majority of the outgoing ones, too (joint consensus, paper §6). */
  #committedOnQuorum(id: string, { membership }: State, index: number, term: number): void {
    for (const voters of [membership.members, membership.outgoing]) {
      if (voters.length === 0) continue;
      const count = voters.filter((voter) => this.#holds(voter, index, term)).length;
      const isEnough = count >= majority(voters.length);
      invariant(isEnough, `a majority stored an entry before it is committed: ${id} at ${index}, on ${count}`);
    }
  }

  #holds({ id }: Member, index: number, term: number): boolean {
    const log = this.#states.get(id)?.log;
    return log !== undefined && log.durable >= index && (log.base.index >= index || termAt(log, index) === term);
  }

  /** A log starts only after what is committed: a snapshot holds nothing else. */
  #baseIsChosen(id: string, { log }: State): void {
    const chosen = this.#chosen[log.base.index];
    invariant(chosen?.term === log.base.term, `a snapshot replaces only what is committed: ${id} at ${log.base.index}`);
  }
}

function glimpse({ term, role, commit, log, delivery }: State): Glimpse {
  const configured = log.configurations.at(-1)?.index ?? 0;
  return { term, role, commit, base: log.base.index, applied: delivery.applied, configured };
}

/** Term, commit index, what is applied and the log's start only grow. */
function neverBack(id: string, before: Glimpse, state: State): void {
  if (state.term < before.term) invariant(false, `a term never goes back: ${id}`);
  if (state.commit < before.commit) invariant(false, `a commit index never goes back: ${id}`);
  if (state.delivery.applied < before.applied) invariant(false, `what is applied never goes back: ${id}`);
  if (state.log.base.index < before.base) invariant(false, `a log's start never goes back: ${id}`);
}

/** Voters change through a membership that asks both lists, or the joint one is left (paper §6). */
function jointly(id: string, { log }: State): void {
  const [before, after] = log.configurations.slice(-2).map(({ membership }) => membership);
  if (before === undefined || after === undefined) return;
  const isSame = namesOf(after.members) === namesOf(before.members);
  const isJoint = namesOf(after.outgoing) === namesOf(before.members) && before.outgoing.length === 0;
  invariant(isSame || isJoint, `voters change through a joint membership (paper §6): ${id}`);
}

function namesOf(members: readonly Member[]): string {
  return members
    .map((member) => member.id)
    .sort()
    .join();
}

/** Term, vote and entries that were durable are there after a restart (paper §5.1, figure 2: persistent state). */
function durableSurvives(id: string, before: State, after: State): void {
  if (before.disk.durable >= before.disk.stateRecord) {
    invariant(after.term >= before.term, `a stored term survives: ${id}`);
    const isVoteKept = after.term > before.term || before.votedFor === undefined || after.votedFor === before.votedFor;
    invariant(isVoteKept, `a stored vote survives: ${id}`);
  }
  if (before.delivery.restoring !== undefined) return; // the log's new start was not durable yet
  invariant(after.log.last >= before.log.durable, `stored entries survive: ${id}`);
  for (let index = after.log.base.index + 1; index <= before.log.durable; index++) {
    const term = termAt(before.log, index);
    if (term !== undefined) invariant(termAt(after.log, index) === term, `stored entries survive: ${id} at ${index}`);
  }
}
