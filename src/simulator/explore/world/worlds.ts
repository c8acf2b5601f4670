import { InvariantViolation, unreachable } from "../../../base/invariant.ts";
import { type Budget, unlimited } from "../budget.ts";
import type { Bounds, Explorable, Terms } from "../explorable.ts";
import { none, Visited } from "../visited.ts";
import { countOf, isLeft, type Limit, limitsOf } from "./account.ts";
import { type Renaming, renamings } from "./canonical.ts";
import { Continuation, type Onlooker } from "./continuation.ts";
import {
  attempt,
  LocalSteps,
  type Outcome,
  questionArgument,
  questionKind,
  type Step,
  type StepKind,
} from "./local-steps.ts";

/** Takes the worlds that can come next. */
export interface Successors {
  /** The first `length` numbers of `world`; they and the step are valid until this returns. */
  next(world: Int32Array, length: number, step: Step): void;
  /** A promise breaks in this step. */
  broken(violation: InvariantViolation, step: Step): void;
}

/** All that is limited: crashes, duplicates and losses, alarms, and questions. */
export function budgetsOf<T extends Terms>(
  { alarms, questions }: Pick<Explorable<T>, "alarms" | "questions">,
  { crashes, duplicates, losses, order }: Bounds,
): Budget[] {
  const loss = order === "sent" ? { countMax: losses } : unlimited;
  const own = [...alarms, ...questions].map(({ budget }) => budget);
  return [{ countMax: crashes }, { countMax: duplicates }, loss, ...own];
}

/**
 * Worlds as rows of numbers: each member's seat, the history, the account of what was used up, and the letters on their
 * way; sorted in `any` order.
 */
export class Worlds<T extends Terms> {
  readonly steps: LocalSteps<T>;
  readonly #limits: {
    readonly crash: Limit;
    readonly duplicate: Limit;
    readonly loss: Limit;
    readonly alarms: readonly Limit[];
    readonly questions: readonly Limit[];
  };
  readonly #isDiskFast: boolean;
  readonly #memberCount: number;
  readonly #renamingCount: number;
  readonly #inOrder: boolean;
  readonly #checked = new Visited();
  readonly #continuation: Continuation<T> | undefined;
  /** Reused for the next one. */
  readonly #step: { -readonly [Field in keyof Step]: Step[Field] } = { kind: "deliver", member: 0, argument: 0 };
  #next = new Int32Array(64);
  /** The halves of the newest hash. */
  low = 0;
  high = 0;

  constructor(explorable: Explorable<T>, bounds: Bounds) {
    const { alarms } = explorable;
    this.#inOrder = bounds.order === "sent";
    const [crash, duplicate, loss, ...others] = limitsOf(budgetsOf(explorable, bounds));
    this.#limits = {
      crash: crash as Limit,
      duplicate: duplicate as Limit,
      loss: loss as Limit,
      alarms: others.slice(0, alarms.length),
      questions: others.slice(alarms.length),
    };
    const all = renamings(explorable.interchangeable);
    const used: Renaming[] = bounds.symmetry ? all : all.slice(0, 1);
    this.steps = new LocalSteps(explorable, used);
    this.#continuation = explorable.rest && new Continuation(this.steps, explorable.rest);
    this.#isDiskFast = bounds.disk === "fast";
    this.#memberCount = explorable.ids.length;
    this.#renamingCount = used.length;
  }

  /** The world that exploration starts from. */
  first(): Int32Array {
    const world = Int32Array.from([...this.steps.first(), 0]);
    return this.steps.explorable.opening === undefined ? world : this.#settle(world);
  }

  /** The first member's opening alarm rings, and all that comes of it is done; none of it counts. */
  #settle(first: Int32Array): Int32Array {
    let world = first;
    let next = this.#follow(["open"], (to) => this.#move(first, first.length, "open", 0, 0, to));
    while (next !== undefined) {
      const now: Int32Array = next;
      world = now;
      next = this.#follow(["persist", "deliver"], (to) => this.expand(now, now.length, to));
    }
    world[this.#memberCount + 1] = 0;
    return world;
  }

  /** The first of some successors that only goes on with what has begun. */
  #follow(kinds: readonly Step["kind"][], expand: (to: Successors) => void): Int32Array | undefined {
    let followed: Int32Array | undefined;
    const next = (world: Int32Array, length: number, { kind }: Step): void => {
      if (kinds.includes(kind)) followed ??= world.slice(0, length);
    };
    expand({ next, broken: () => {} }); // a promise broken on the way is for the exploration to find
    return followed;
  }

  /** Hashes a world into `low` and `high`: the least of its hashes under all renamings, so the same for all of them. */
  hash(world: Int32Array, length: number): void {
    const { seats, letters, histories } = this.steps;
    const count = this.#renamingCount;
    const letterAt = this.#memberCount + 2;
    const account = world[this.#memberCount + 1] as number;
    for (let renaming = 0; renaming < count; renaming++) {
      let low = Math.imul(account + 1, 0x9e3779b1);
      let high = Math.imul(account + 1, 0x85ebca77) ^ account;
      for (let at = 0; at < this.#memberCount; at++) {
        const place = ((world[at] as number) * count + renaming) * 2;
        low = (low + (seats.hashes[place] as number)) | 0;
        high = (high + (seats.hashes[place + 1] as number)) | 0;
      }
      const past = ((world[letterAt - 2] as number) * count + renaming) * 2;
      low = (low + (histories.hashes[past] as number)) | 0;
      high = (high + (histories.hashes[past + 1] as number)) | 0;
      for (let at = letterAt; at < length; at++) {
        const place = ((world[at] as number) * count + renaming) * 2;
        const rank = this.#inOrder ? Math.imul(this.#rank(world, at), 0x27d4eb2f) : 0;
        low = (low + Math.imul((letters.hashes[place] as number) ^ rank, 0x9e3779b1)) | 0;
        high = (high + Math.imul((letters.hashes[place + 1] as number) ^ rank, 0x85ebca77)) | 0;
      }
      low >>>= 0;
      high >>>= 0;
      if (renaming > 0 && (high > this.high || (high === this.high && low >= this.low))) continue;
      this.low = low;
      this.high = high;
    }
  }

  /** As `broken`, but members in the same seats, with the same history, are looked at once. */
  check(world: Int32Array): InvariantViolation | undefined {
    let low = 0;
    let high = 0;
    for (let at = 0; at <= this.#memberCount; at++) {
      low = Math.imul(low ^ (world[at] as number), 0x9e3779b1) + 1;
      high = Math.imul(high ^ (world[at] as number), 0x85ebca77) ^ (high >>> 13);
    }
    if (!this.#checked.add(low >>> 0, high >>> 0, none)) return undefined;
    return this.broken(world) ?? this.brokenLater(world);
  }

  /** Whether a world breaks a promise. */
  broken(world: Int32Array): InvariantViolation | undefined {
    const { explorable, seats, histories } = this.steps;
    const members = Array.from(world.subarray(0, this.#memberCount), (seat) => seats.at(seat));
    const found = attempt(() => explorable.check(members, histories.at(world[this.#memberCount] as number)));
    return found instanceof InvariantViolation ? found : undefined;
  }

  /** Which promise a world breaks as it goes on when nothing fails any more; all the way is gone for an onlooker. */
  brokenLater(world: Int32Array, onlooker?: Onlooker): InvariantViolation | undefined {
    const { rest } = this.steps.explorable;
    const isNew = onlooker !== undefined && rest !== undefined;
    return (isNew ? new Continuation(this.steps, rest) : this.#continuation)?.broken(world, onlooker);
  }

  /** All that can happen next. */
  expand(world: Int32Array, length: number, to: Successors): void {
    const urgent = this.#isDiskFast ? this.#writingMember(world) : undefined;
    if (urgent !== undefined) return this.#useDisk(world, length, urgent, to);
    for (let member = 0; member < this.#memberCount; member++) {
      this.#useDisk(world, length, member, to);
      this.#actAlone(world, length, member, to);
    }
    for (let at = this.#memberCount + 2; at < length; at++) this.#deliver(world, length, at, to);
  }

  #writingMember(world: Int32Array): number | undefined {
    for (let member = 0; member < this.#memberCount; member++) {
      if (this.steps.chances(world[member] as number).pendingCount > 0) return member;
    }
    return undefined;
  }

  #useDisk(world: Int32Array, length: number, member: number, to: Successors): void {
    const { pendingCount } = this.steps.chances(world[member] as number);
    const first = this.#isDiskFast ? Math.max(1, pendingCount) : 1;
    for (let count = first; count <= pendingCount; count++) this.#move(world, length, "persist", member, count, to);
    if (!isLeft(this.#account(world), this.#limits.crash)) return;
    for (let count = 0; count <= pendingCount; count++) this.#move(world, length, "crash", member, count, to);
  }

  #actAlone(world: Int32Array, length: number, member: number, to: Successors): void {
    const { mayRing, mayAsk } = this.steps.chances(world[member] as number);
    const { alarms, questions } = this.#limits;
    const account = this.#account(world);
    for (let alarm = 0; alarm < mayRing.length; alarm++) {
      const isOpen = mayRing[alarm] === true && isLeft(account, alarms[alarm] as Limit);
      if (isOpen) this.#move(world, length, "ring", member, alarm, to);
    }
    for (let kind = 0; kind < mayAsk.length; kind++) {
      const limit = questions[kind] as Limit;
      if (!mayAsk[kind] || !isLeft(account, limit)) continue;
      const number = limit.shift < 0 ? 0 : countOf(account, limit) + 1;
      this.#move(world, length, "ask", member, questionArgument(kind, number), to);
    }
  }

  #deliver(world: Int32Array, length: number, at: number, to: Successors): void {
    const letter = world[at] as number;
    if (this.#inOrder ? this.#rank(world, at) > 0 : at > this.#memberCount + 2 && world[at - 1] === letter) return;
    const member = this.steps.receivers[letter] as number;
    this.#move(world, length, "deliver", member, letter, to, at);
    const account = this.#account(world);
    if (isLeft(account, this.#limits.duplicate)) this.#move(world, length, "repeat", member, letter, to);
    if (this.#inOrder && isLeft(account, this.#limits.loss)) this.#lose(world, length, at, to);
  }

  /** How many letters on the same link were sent before the one at `at`. */
  #rank(world: Int32Array, at: number): number {
    const { links } = this.steps;
    const link = links[world[at] as number];
    let rank = 0;
    for (let other = this.#memberCount + 2; other < at; other++) if (links[world[other] as number] === link) rank++;
    return rank;
  }

  #account(world: Int32Array): number {
    return world[this.#memberCount + 1] as number;
  }

  /** One step of one member; the letter at `taken`, if any, leaves the network. */
  #move(
    world: Int32Array,
    length: number,
    kind: StepKind | "repeat",
    member: number,
    argument: number,
    to: Successors,
    taken = -1,
  ): void {
    const { steps } = this;
    const outcome = steps.take(world[member] as number, kind === "repeat" ? "deliver" : kind, argument);
    // With nothing but a letter gone, all that can follow can follow without this step: the letter stays on its way.
    if (outcome.isIdle && !(this.#inOrder && taken >= 0)) return;
    const mayRestart = isLeft(this.#account(world), this.#limits.crash);
    if (kind === "repeat" && steps.isSpent(argument, outcome.seat, mayRestart)) return; // as if it were delivered once
    const step = this.#tell(kind, member, argument);
    if (outcome.broken !== undefined) return to.broken(outcome.broken, step);
    const history = steps.remember(world[this.#memberCount] as number, outcome);
    if (history instanceof InvariantViolation) return to.broken(history, step);
    this.#begin(world, length + outcome.letters.length, kind, argument);
    this.#next[member] = outcome.seat;
    this.#next[this.#memberCount] = history;
    to.next(this.#next, this.#mail(world, length, member, taken, outcome), step);
  }

  #lose(world: Int32Array, length: number, at: number, to: Successors): void {
    const letter = world[at] as number;
    this.#begin(world, length, "lose", 0);
    const end = this.#mail(world, length, -1, at, undefined);
    to.next(this.#next, end, this.#tell("lose", this.steps.receivers[letter] as number, letter));
  }

  #tell(kind: Step["kind"], member: number, argument: number): Step {
    const step = this.#step;
    step.kind = kind;
    step.member = member;
    step.argument = argument;
    return step;
  }

  /** The next world before its letters: a copy, with the step entered in its account. */
  #begin(world: Int32Array, lengthMax: number, kind: Step["kind"], argument: number): void {
    if (this.#next.length < lengthMax) this.#next = new Int32Array(lengthMax * 2);
    const next = this.#next;
    const count = this.#memberCount + 2;
    for (let at = 0; at < count; at++) next[at] = world[at] as number;
    const shift = this.#limitOf(kind, argument)?.shift ?? -1;
    if (shift >= 0) next[count - 1] = (next[count - 1] as number) + (1 << shift);
  }

  /** Puts the letters that can still matter into the next world, and says how long it is. */
  #mail(world: Int32Array, length: number, member: number, taken: number, outcome: Outcome<T> | undefined): number {
    const next = this.#next;
    const first = this.#memberCount + 2;
    const { crash } = this.#limits;
    const mayRestart = isLeft(this.#account(next), crash);
    const isMoved = outcome !== undefined && outcome.seat !== world[member];
    const isNews = !mayRestart && isLeft(this.#account(world), crash); // for all letters
    let end = first;
    for (let at = first; at < length; at++) {
      const letter = world[at] as number;
      if (at === taken) continue;
      const isOpen = isNews || (isMoved && this.#concerns(letter, member));
      if (isOpen && this.#isSpent(letter, next, mayRestart)) continue;
      next[end++] = letter;
    }
    for (const letter of outcome?.letters ?? []) {
      if (this.#isSpent(letter, next, mayRestart)) continue;
      let at = end++;
      for (; !this.#inOrder && at > first && (next[at - 1] as number) > letter; at--) next[at] = next[at - 1] as number;
      next[at] = letter;
    }
    return end;
  }

  /** Whether a letter may be spent from now on because this member has moved. */
  #concerns(letter: number, member: number): boolean {
    const { receivers, senders, hasEchoes } = this.steps;
    return receivers[letter] === member || (hasEchoes && senders[letter] === member);
  }

  /** In order, what nothing can come of still stands before others, and takes a step to get out of their way. */
  #isSpent(letter: number, world: Int32Array, mayRestart: boolean): boolean {
    if (this.#inOrder) return false;
    const { steps } = this;
    const receiver = world[steps.receivers[letter] as number] as number;
    if (steps.isSpent(letter, receiver, mayRestart)) return true;
    return (
      steps.hasEchoes && !mayRestart && steps.isEcho(letter, receiver, world[steps.senders[letter] as number] as number)
    );
  }

  /** What counts such a step; nothing if it is part of any other, or not limited. */
  #limitOf(kind: Step["kind"], argument: number): Limit | undefined {
    const { crash, duplicate, loss, alarms, questions } = this.#limits;
    switch (kind) {
      case "ring":
        return alarms[argument];
      case "ask":
        return questions[questionKind(argument)];
      case "crash":
        return crash;
      case "repeat":
        return duplicate;
      case "lose":
        return loss;
      case "deliver":
      case "persist":
      case "open":
      case "end":
        return undefined;
      default:
        return unreachable(kind);
    }
  }
}
