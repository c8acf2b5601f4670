import { invariant } from "../../src/base/invariant.ts";
import { fromUtf8 } from "../../src/base/text.ts";
import type { Entry, RaftState } from "../../src/protocols/raft/index.ts";

/** Raft's safety properties (paper figure 3), checked on the live states of all members after every step. */
export class RaftInvariants {
  readonly #leaders = new Map<number, string>();
  readonly #votes = new Map<string, string>();
  readonly #committed = new Map<number, string>();
  readonly #seen = new Map<string, { term: number; commit: number; durable: string }>();
  readonly #states = new Map<string, Readonly<RaftState>>();

  restarted(id: string): void {
    this.#seen.delete(id);
  }

  check(id: string, state: Readonly<RaftState>): void {
    this.#states.set(id, state);
    this.#electionSafety(id, state);
    this.#monotonic(id, state);
    this.#oneVoteATerm(id, state);
    if (state.role === "leader") this.#logMatching(id, state);
  }

  #electionSafety(id: string, state: Readonly<RaftState>): void {
    if (state.role !== "leader") return;
    const leader = this.#leaders.get(state.term) ?? id;
    invariant(leader === id, `at most one leader is elected in term ${state.term} (Election Safety): ${leader}, ${id}`);
    this.#leaders.set(state.term, id);
  }

  #oneVoteATerm(id: string, state: Readonly<RaftState>): void {
    if (state.votedFor === undefined || state.disk.stateRecord > state.disk.durable) return;
    const key = `${id} ${state.term}`;
    const before = this.#votes.get(key) ?? state.votedFor;
    invariant(before === state.votedFor, `a member votes once a term: ${key} ${before} ${state.votedFor}`);
    this.#votes.set(key, state.votedFor);
  }

  #monotonic(id: string, state: Readonly<RaftState>): void {
    const before = this.#seen.get(id);
    invariant(state.term >= (before?.term ?? 0), "a term never goes back");
    invariant(state.commit >= (before?.commit ?? 0), "a commit index never goes back");
    invariant(state.commit <= state.log.last, "what is committed is in the log");
    invariant(state.delivery.applied <= state.delivery.delivered, "only what was delivered is applied");
    invariant(state.delivery.delivered <= state.commit, "only what is committed is delivered");
    this.#seen.set(id, { term: state.term, commit: state.commit, durable: "" });
  }

  /** Two logs with an entry of the same index and term are equal up to it (Log Matching), as far as both are in memory. */
  #logMatching(id: string, state: Readonly<RaftState>): void {
    for (const [other, theirs] of this.#states) {
      if (other === id) continue;
      const first = Math.max(state.log.tailFrom, theirs.log.tailFrom);
      let agreed = false;
      for (let index = Math.min(state.log.last, theirs.log.last); index >= first; index--) {
        const ours = state.log.tail[index - state.log.tailFrom];
        const entry = theirs.log.tail[index - theirs.log.tailFrom];
        const isSame = ours?.term === entry?.term;
        invariant(
          isSame || !agreed,
          `logs that agree at an entry agree before it (Log Matching): ${id} ${other} ${index}`,
        );
        if (isSame) agreed = true;
      }
    }
  }

  /** All members apply the same entry at an index (State Machine Safety), and it never changes. */
  applied(id: string, index: number, entry: Entry): void {
    const text = `${entry.term} ${entry.kind} ${fromUtf8(entry.payload)}`;
    const before = this.#committed.get(index) ?? text;
    invariant(
      before === text,
      `all apply the same entry at ${index} (State Machine Safety): ${id} ${text}, before ${before}`,
    );
    this.#committed.set(index, text);
  }

  /** The agreed order so far, by index. */
  get committed(): ReadonlyMap<number, string> {
    return this.#committed;
  }
}
