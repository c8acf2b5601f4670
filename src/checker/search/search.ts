import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import type { Budget, Limit } from "./budget.ts";
import { Memo } from "./memo.ts";
import { StateTable } from "./state-table.ts";
import { layOut, type Timeline } from "./timeline.ts";

/** What came of searching one part. */
export type Found<Call, Result> =
  | { readonly kind: "ok"; readonly order: History<Call, Result> }
  | {
      readonly kind: "violation";
      /** An order that explains more calls than any other does, in the order of their returns. */
      readonly order: History<Call, Result>;
      /** The first of the calls, by their returns, that no order gets past. */
      readonly stuck: Operation<Call, Result>;
    }
  | { readonly kind: "unknown"; readonly limit: Limit };

/** What the layout of the search takes for each call. */
const callBytes = 64;

/** Looks for an order of the calls that `model` explains and in which no call precedes one that returned before it. */
export function searchPart<State, Call, Result>(
  history: History<Call, Result>,
  model: Model<State, Call, Result>,
  budget: Budget,
): Found<Call, Result> {
  return new Search(history, model, budget).run();
}

/**
 * Wing and Gong's search, depth first, with Lowe's memo.
 *
 * A place is reached by placing calls one after the other. Those that may come next are the calls that began before
 * the first return among the calls not placed yet; `turn` is the call that returns there. Its call and its return are
 * out of the list of events once a call is placed, so that the list always begins with those that may come next. Open
 * calls are tried after all others: an order that does without them is the likelier one.
 */
class Search<State, Call, Result> {
  readonly #model: Model<State, Call, Result>;
  readonly #budget: Budget;
  readonly #timeline: Timeline<Call, Result>;
  readonly #count: number;
  readonly #states: StateTable<State>;
  readonly #memo: Memo;

  /** The events not placed yet, linked; the last index is before the first event. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #placed: Uint8Array;
  readonly #ahead: Int32Array;
  readonly #open: Int32Array;
  #turn = 0;
  #state: number;

  /** The path: which candidate was placed, by which of the states that may follow, and where the search was before. */
  readonly #path: Int32Array;
  readonly #branches: Int32Array;
  readonly #statesBefore: Int32Array;
  readonly #turnsBefore: Int32Array;
  #depth = 0;
  #openCount = 0;
  #best: Int32Array = new Int32Array(0);
  #bestTurn = -1;
  #bestAnswered = -1;

  constructor(history: History<Call, Result>, model: Model<State, Call, Result>, budget: Budget) {
    this.#model = model;
    this.#budget = budget;
    this.#timeline = layOut(history, model);
    const { answered, open, events, slotCount } = this.#timeline;
    this.#count = answered.length;
    this.#states = new StateTable(model);
    this.#state = this.#states.numberOf(model.initial);
    this.#memo = new Memo(words(slotCount), words(open.length));
    this.#next = new Int32Array(events.length + 1);
    this.#previous = new Int32Array(events.length + 1);
    this.#link(events);
    this.#placed = new Uint8Array(this.#count);
    this.#ahead = new Int32Array(words(slotCount));
    this.#open = new Int32Array(words(open.length));
    const total = answered.length + open.length;
    this.#path = new Int32Array(total);
    this.#branches = new Int32Array(total);
    this.#statesBefore = new Int32Array(total);
    this.#turnsBefore = new Int32Array(total);
  }

  run(): Found<Call, Result> {
    let candidate = this.#firstCandidate();
    let branch = 0;
    while (this.#turn < this.#count) {
      const limit = this.#pay();
      if (limit !== undefined) return { kind: "unknown", limit };
      if (candidate < 0) {
        this.#keepBest();
        const last = this.#leave();
        if (last === undefined) return this.#violation();
        candidate = last.candidate;
        branch = last.branch + 1;
      }
      const successors = this.#successors(candidate);
      const state = successors[branch];
      if (state === undefined) {
        candidate = this.#candidateAfter(candidate);
        branch = 0;
      } else if (this.#enter(candidate, branch, this.#states.numberOf(state))) {
        candidate = this.#firstCandidate();
        branch = 0;
      } else branch++;
    }
    return { kind: "ok", order: this.#operations(this.#path.subarray(0, this.#depth)) };
  }

  #link(events: Int32Array): void {
    const head = events.length;
    let before = head;
    for (const event of events) {
      this.#next[before] = event;
      this.#previous[event] = before;
      before = event;
    }
    this.#next[before] = head;
    this.#previous[head] = before;
  }

  /** A step is paid, and so is the memory that the next one may need. */
  #pay(): Limit | undefined {
    const memo = this.#memo;
    const steps = 1 + memo.compared;
    memo.compared = 0;
    const bytes = this.#count * callBytes + this.#states.bytes;
    if (memo.isFull) {
      if (!this.#budget.allows(bytes + memo.bytes * 3)) return "bytes";
      memo.grow();
    } else if (!this.#budget.allows(bytes + memo.bytes)) return "bytes";
    return this.#budget.spend(steps);
  }

  /**
   * What to try first: a read that fits the state as it is, or else the first call.
   *
   * Such a read is placed for good. Were there an order in which it comes later, it could be moved here: it changes
   * nothing. (A read may well narrow down a state that stands for several; that one is tried like any other call.)
   */
  #firstCandidate(): number {
    const first = this.#next[this.#count * 2] ?? 0;
    for (let node = first; node < this.#count; node = this.#next[node] ?? 0) {
      if (this.#timeline.reads[node] === 1 && this.#fits(node)) return node;
    }
    return first < this.#count ? first : this.#openCandidate(0);
  }

  /** What to try after `candidate`; -1 when all have been. */
  #candidateAfter(candidate: number): number {
    if (candidate >= this.#count) return this.#openCandidate(candidate - this.#count + 1);
    const node = this.#next[candidate] ?? 0;
    return node < this.#count ? node : this.#openCandidate(0);
  }

  /** The first open call from number `from` on that may be placed: of calls that ask the same, only the first one. */
  #openCandidate(from: number): number {
    const end = this.#timeline.openBefore[this.#turn] ?? 0;
    for (let call = from; call < end; call++) {
      const twin = this.#timeline.twins[call] ?? -1;
      if (!hasBit(this.#open, call) && (twin < 0 || hasBit(this.#open, twin))) return this.#count + call;
    }
    return -1;
  }

  /** Whether a read leaves the state just as it is. */
  #fits(read: number): boolean {
    const [state, ...others] = this.#successors(read);
    return state !== undefined && others.length === 0 && this.#states.numberOf(state) === this.#state;
  }

  #successors(candidate: number): readonly State[] {
    const { call, result } = this.#operation(candidate);
    return this.#model.next(this.#states.stateOf(this.#state), call, result);
  }

  /** Places a candidate, unless that leads where the search has been before. */
  #enter(candidate: number, branch: number, state: number): boolean {
    const turn = this.#turn;
    const isOpen = candidate >= this.#count;
    if (isOpen && this.#isUseless(candidate, branch, state)) return false;
    if (isOpen) flipBit(this.#open, candidate - this.#count);
    else this.#place(candidate);
    const isForced = !isOpen && state === this.#state && this.#timeline.reads[candidate] === 1;
    if (!isForced && !this.#memo.add(this.#turn, state, this.#ahead, this.#open)) {
      if (isOpen) flipBit(this.#open, candidate - this.#count);
      else this.#displace(candidate, turn);
      return false;
    }
    if (isOpen) this.#openCount++;
    else this.#lift(candidate);
    this.#path[this.#depth] = candidate;
    this.#branches[this.#depth] = branch;
    this.#statesBefore[this.#depth] = this.#state;
    this.#turnsBefore[this.#depth] = turn;
    this.#depth++;
    this.#state = state;
    return true;
  }

  /** Whether an open call can as well be left out, or does no more than if the open call placed last were left out. */
  #isUseless(candidate: number, branch: number, state: number): boolean {
    if (state === this.#state) return true;
    if (this.#depth === 0 || (this.#path[this.#depth - 1] ?? 0) < this.#count) return false;
    const before = this.#states.stateOf(this.#statesBefore[this.#depth - 1] ?? 0);
    const { call, result } = this.#operation(candidate);
    const without = this.#model.next(before, call, result)[branch];
    return without !== undefined && this.#states.numberOf(without) === state;
  }

  /** Takes back the last candidate for which there was a choice, and says which it was. */
  #leave(): { readonly candidate: number; readonly branch: number } | undefined {
    while (this.#depth > 0) {
      this.#depth--;
      const candidate = this.#path[this.#depth] ?? 0;
      const state = this.#state;
      this.#state = this.#statesBefore[this.#depth] ?? 0;
      if (candidate >= this.#count) {
        flipBit(this.#open, candidate - this.#count);
        this.#openCount--;
      } else {
        this.#displace(candidate, this.#turnsBefore[this.#depth] ?? 0);
        this.#unlift(candidate);
        if (state === this.#state && this.#timeline.reads[candidate] === 1) continue;
      }
      return { candidate, branch: this.#branches[this.#depth] ?? 0 };
    }
    return undefined;
  }

  /** Marks a call as placed; the turn goes to the next call that is not. */
  #place(call: number): void {
    this.#placed[call] = 1;
    if (call !== this.#turn) return flipBit(this.#ahead, this.#timeline.slots[call] ?? 0);
    for (this.#turn++; this.#placed[this.#turn] === 1; this.#turn++) {
      flipBit(this.#ahead, this.#timeline.slots[this.#turn] ?? 0);
    }
  }

  /** Undoes `place`, before which the turn was `turn`. */
  #displace(call: number, turn: number): void {
    this.#placed[call] = 0;
    if (call !== turn) return flipBit(this.#ahead, this.#timeline.slots[call] ?? 0);
    for (let ahead = this.#turn - 1; ahead > turn; ahead--) flipBit(this.#ahead, this.#timeline.slots[ahead] ?? 0);
    this.#turn = turn;
  }

  #lift(call: number): void {
    this.#unlink(call);
    this.#unlink(this.#count + call);
  }

  #unlink(event: number): void {
    const before = this.#previous[event] ?? 0;
    const after = this.#next[event] ?? 0;
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  /** Undoes `lift`, if all that was lifted later is back. */
  #unlift(call: number): void {
    this.#relink(this.#count + call);
    this.#relink(call);
  }

  #relink(event: number): void {
    this.#next[this.#previous[event] ?? 0] = event;
    this.#previous[this.#next[event] ?? 0] = event;
  }

  /** The best path so far gets furthest, places the most answered calls on the way, and the fewest others. */
  #keepBest(): void {
    const answered = this.#depth - this.#openCount;
    const better = this.#turn - this.#bestTurn || answered - this.#bestAnswered || this.#best.length - this.#depth;
    if (better <= 0) return;
    this.#bestTurn = this.#turn;
    this.#bestAnswered = answered;
    this.#best = this.#path.slice(0, this.#depth);
  }

  #violation(): Found<Call, Result> {
    const order = this.#operations(this.#best);
    return { kind: "violation", order, stuck: this.#operation(this.#bestTurn) };
  }

  #operations(candidates: Int32Array): Operation<Call, Result>[] {
    return Array.from(candidates, (candidate) => this.#operation(candidate));
  }

  #operation(candidate: number): Operation<Call, Result> {
    const { answered, open } = this.#timeline;
    return (candidate < this.#count ? answered[candidate] : open[candidate - this.#count]) as Operation<Call, Result>;
  }
}

/** Words for one bit each of `count` things. */
function words(count: number): number {
  return (count + 31) >>> 5;
}

function hasBit(set: Int32Array, bit: number): boolean {
  return (((set[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

function flipBit(set: Int32Array, bit: number): void {
  set[bit >>> 5] = (set[bit >>> 5] ?? 0) ^ (1 << (bit & 31));
}
