import { invariant } from "../../src/base/invariant.ts";
import { fromUtf8 } from "../../src/base/text.ts";
import { majority } from "../../src/protocols/quorum/majority.ts";
import type { Entry, RaftState } from "../../src/protocols/raft/index.ts";
import type { Progress } from "../../src/protocols/raft/leader/progress.ts";
import { bytesBetween, type RaftLog, termAt } from "../../src/protocols/raft/log/log.ts";

/** What was true of a member after its last step. */
interface Glimpse {
  readonly term: number;
  readonly role: RaftState["role"];
  readonly commit: number;
  readonly last: number;
  readonly lastTerm: number | undefined;
  readonly base: number;
}

type State = Readonly<RaftState>;

/** Raft's properties (paper figure 3 and what follows from them), checked on all members after every step. */
export class RaftInvariants {
  readonly #leaders = new Map<number, string>();
  readonly #votes = new Map<string, string>();
  /** Each committed entry's term, and the term in which it was committed, by index. */
  readonly #chosen: { readonly term: number; readonly committedIn: number }[] = [{ term: 0, committedIn: 0 }];
  readonly #applied = new Map<number, string>();
  readonly #seen = new Map<string, Glimpse>();
  /** The live states; of a member that is down, how it died. */
  readonly #states = new Map<string, State>();

  /** A member starts again: its disk gave back all that was durable. */
  restarted(id: string, state: State): void {
    const before = this.#states.get(id);
    if (before !== undefined) durableSurvives(id, before, state);
    this.#seen.delete(id);
    this.#states.set(id, state);
  }

  /** A member's disk is empty: it owes nothing of what it had. */
  wiped(id: string): void {
    this.#states.delete(id);
  }

  /** Call after every step of a member. */
  check(id: string, state: State): void {
    this.#states.set(id, state);
    const before = this.#seen.get(id);
    wellFormed(id, state.log);
    bounded(id, state);
    this.#electionSafety(id, state);
    this.#oneVoteATerm(id, state);
    if (before !== undefined) neverBack(id, before, state);
    orderOfIndexes(id, state);
    this.#committed(id, state, before?.commit ?? 0);
    if (state.role === "leader") {
      if (before?.role !== "leader" || before.term !== state.term) this.#leaderCompleteness(id, state);
      this.#logMatching(id, state);
      for (const progress of state.leadership?.peers.values() ?? []) progressHolds(id, state, progress);
    }
    this.#seen.set(id, glimpse(state));
  }

  #electionSafety(id: string, state: State): void {
    if (state.role !== "leader") return;
    const leader = this.#leaders.get(state.term) ?? id;
    invariant(leader === id, `at most one leader is elected in term ${state.term} (Election Safety): ${leader}, ${id}`);
    this.#leaders.set(state.term, id);
  }

  #oneVoteATerm(id: string, state: State): void {
    if (state.votedFor === undefined || state.disk.stateRecord > state.disk.durable) return;
    const key = `${id} ${state.term}`;
    const before = this.#votes.get(key) ?? state.votedFor;
    invariant(before === state.votedFor, `a member votes once a term: ${key} ${before} ${state.votedFor}`);
    this.#votes.set(key, state.votedFor);
  }

  /** What is committed was stored by a majority first, is learnt from its leader, and never becomes another entry. */
  #committed(id: string, state: State, before: number): void {
    for (let index = before + 1; index <= state.commit; index++) {
      const term = termAt(state.log, index);
      if (term === undefined) continue; // known through a snapshot
      const known = this.#chosen[index];
      if (known === undefined) {
        invariant(state.role === "leader", `a leader is the first to know a commit: ${id} ${index}`);
        this.#committedOnQuorum(id, state, index, term);
        this.#chosen[index] = { term, committedIn: state.term };
      } else invariant(known.term === term, `what is committed never changes (Committed Immutable): ${id} ${index}`);
    }
  }

  #committedOnQuorum(id: string, state: State, index: number, term: number): void {
    const holds = ({ log }: State) => log.durable >= index && (log.base.index >= index || termAt(log, index) === term);
    const count = [...this.#states.values()].filter(holds).length;
    const isEnough = count >= majority(state.membership.members.length);
    invariant(isEnough, `a majority stored an entry before it is committed: ${id} ${index}, on ${count}`);
  }

  /** A member that stood still may still win an old term: it has what was committed in the terms before that. */
  #leaderCompleteness(id: string, { log, term }: State): void {
    for (const [index, entry] of this.#chosen.entries()) {
      if (entry.committedIn >= term || index < log.base.index) continue;
      const claim = `a leader has what was committed in earlier terms (Leader Completeness): ${id} ${index}`;
      invariant(termAt(log, index) === entry.term, claim);
    }
  }

  /** Two logs with an entry of the same index and term are equal up to it, as far as both are in memory. */
  #logMatching(id: string, state: State): void {
    for (const [other, theirs] of this.#states) {
      if (other === id) continue;
      const first = Math.max(state.log.tailFrom, theirs.log.tailFrom);
      let agreed = false;
      for (let index = Math.min(state.log.last, theirs.log.last); index >= first; index--) {
        const ours = state.log.tail[index - state.log.tailFrom];
        const entry = theirs.log.tail[index - theirs.log.tailFrom];
        const isSame = ours?.term === entry?.term;
        const claim = `logs that agree at an entry agree before it (Log Matching): ${id} ${other} ${index}`;
        invariant(isSame || !agreed, claim);
        if (isSame) agreed = true;
      }
    }
  }

  /** All members apply the same entry at an index (State Machine Safety), and it never changes. */
  applied(id: string, index: number, entry: Entry): void {
    const text = entry.kind === "payload" ? fromUtf8(entry.payload) : "";
    const word = `${entry.term} ${entry.kind} ${text}`;
    const before = this.#applied.get(index) ?? word;
    invariant(
      before === word,
      `all apply the same entry at ${index} (State Machine Safety): ${id} ${word}, before ${before}`,
    );
    this.#applied.set(index, word);
  }

  /** The agreed order so far, by index: `term kind text`. */
  get committed(): ReadonlyMap<number, string> {
    return this.#applied;
  }

  /** The payloads of the agreed order. */
  get payloads(): string[] {
    const indexes = [...this.#applied.keys()].sort((left, right) => left - right);
    const words = indexes.map((index) => (this.#applied.get(index) ?? "").split(" "));
    return words.filter(([, kind]) => kind === "payload").map(([, , ...text]) => text.join(" "));
  }
}

function glimpse(state: State): Glimpse {
  const { term, role, commit, log } = state;
  return { term, role, commit, last: log.last, lastTerm: termAt(log, log.last), base: log.base.index };
}

/** Term, commit index and the log's start only grow, and a leader only appends (Leader Append-Only). */
function neverBack(id: string, before: Glimpse, state: State): void {
  invariant(state.term >= before.term, `a term never goes back: ${id}`);
  invariant(state.commit >= before.commit, `a commit index never goes back: ${id}`);
  invariant(state.log.base.index >= before.base, `a log's start never goes back: ${id}`);
  if (before.role !== "leader" || state.role !== "leader" || before.term !== state.term) return;
  const isKept = before.last < state.log.base.index || termAt(state.log, before.last) === before.lastTerm;
  invariant(state.log.last >= before.last && isKept, `a leader only appends (Leader Append-Only): ${id}`);
}

function orderOfIndexes(id: string, { delivery, commit, log }: State): void {
  invariant(delivery.applied <= delivery.delivered, `only what was delivered is applied: ${id}`);
  invariant(delivery.delivered <= commit, `only what is committed is delivered: ${id}`);
  invariant(commit <= log.last, `what is committed is in the log: ${id}`);
  const isStored = delivery.delivered <= log.durable;
  invariant(isStored, `only what is durable here is delivered: ${id}`);
}

/** The log's own invariant, as its docstring states it. */
function wellFormed(id: string, log: RaftLog): void {
  invariant(log.base.index <= log.durable && log.durable <= log.last, `base ≤ durable ≤ last: ${id}`);
  invariant(log.base.index < log.tailFrom && log.tailFrom <= log.last + 1, `base < tailFrom ≤ last + 1: ${id}`);
  invariant(log.tail.length === log.last - log.tailFrom + 1, `the tail holds tailFrom … last: ${id}`);
  invariant(log.unsavedFrom === log.last + 1, `after a step everything was handed to the disk: ${id}`);
  const starts = log.runs.map((run) => run.index);
  const isCovered = log.last === log.base.index ? starts.length === 0 : starts[0] === log.base.index + 1;
  invariant(isCovered, `runs begin behind the log's start: ${id} ${starts.join()} base ${log.base.index}`);
}

/** Every queue keeps to its maximum, give or take the one message that reached it. */
function bounded(id: string, { delivery, leadership, config, commit, log }: State): void {
  const sum = delivery.outstanding.reduce((bytes, part) => bytes + part.bytes, 0);
  invariant(sum === delivery.outstandingBytes, `delivered bytes are counted right: ${id}`);
  invariant(sum <= config.deliveryBytesMax + config.appendBytesMax + 2000, `delivery keeps to its window: ${id}`);
  if (leadership === undefined) return;
  const uncommitted = bytesBetween(log, Math.max(commit + 1, leadership.countedFrom), log.last);
  invariant(uncommitted === leadership.uncommittedBytes, `uncommitted bytes are counted right: ${id}`);
}

/** What a leader believes of a follower is consistent. */
function progressHolds(id: string, state: State, progress: Progress): void {
  const { match, next, inflight, inflightBytes, mode, transfer } = progress;
  invariant(match < next && next <= state.log.last + 1, `match < next ≤ last + 1: ${id} of ${progress.id}`);
  const sum = inflight.reduce((bytes, sent) => bytes + sent.bytes, 0);
  invariant(sum === inflightBytes, `bytes on their way are counted right: ${id} of ${progress.id}`);
  const { inflightBytesMax, inflightCountMax, appendBytesMax } = state.config;
  invariant(sum <= inflightBytesMax + appendBytesMax + 2000, `a follower's window holds: ${id} of ${progress.id}`);
  invariant(inflight.length <= inflightCountMax + 1, `a follower's window holds: ${id} of ${progress.id}`);
  invariant((mode === "snapshot") === (transfer !== undefined), `a transfer runs in its mode: ${id} of ${progress.id}`);
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
    if (term !== undefined) invariant(termAt(after.log, index) === term, `stored entries survive: ${id} ${index}`);
  }
}
