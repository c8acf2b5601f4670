import type { NodeId } from "../../../base/ids.ts";
import { InvariantViolation } from "../../../base/invariant.ts";
import type { Budget } from "../budget.ts";
import type { Alarm, Bounds, Explorable, Question, Terms } from "../explorable.ts";
import { canonical } from "../world/canonical.ts";
import { attempt, type Letter } from "../world/local-steps.ts";
import { newSeat, type Occasion, type Result, type Seat, stepSeat } from "../world/seat.ts";
import { tellLoss, tellOccurrence } from "../world/telling.ts";

/** What can happen next in a walk, by its place among members, alarms and questions: so it can be tried again. */
export type Move<T extends Terms> =
  | { readonly kind: "deliver" | "repeat" | "lose"; readonly letter: Letter<T> }
  | { readonly kind: "persist" | "crash"; readonly member: number; readonly count: number }
  | { readonly kind: "ring" | "ask"; readonly member: number; readonly which: number };

/** No ids are renamed on a walk. */
const ownNames: ReadonlyMap<NodeId, NodeId> = new Map();

/**
 * One world, walked through step by step: nothing is remembered but what binds what follows.
 *
 * Goes where exploration goes, by the same budgets and with the same promises.
 */
export class Ground<T extends Terms> {
  readonly #explorable: Explorable<T>;
  readonly bounds: Bounds;
  readonly seats: Seat<T>[];
  readonly #letters: Letter<T>[] = [];
  readonly #used = new Map<Budget | "crash" | "repeat" | "lose", number>();
  #history: T["history"];

  constructor(explorable: Explorable<T>, bounds: Bounds) {
    this.#explorable = explorable;
    this.bounds = bounds;
    this.seats = explorable.ids.map((id) => newSeat(explorable, id, [], 1));
    this.#history = explorable.firstHistory;
    if (explorable.opening !== undefined) this.#open(explorable.opening);
  }

  /** Messages that may arrive next; in `sent` order the oldest of each link. */
  get letters(): readonly Letter<T>[] {
    if (this.bounds.order === "any") return this.#letters;
    const links = new Set<string>();
    return this.#letters.filter(({ from, to }) => links.size !== links.add(`${from} ${to}`).size);
  }

  /** Alarms that may ring at a member, by place. */
  alarms(member: number): number[] {
    const { alarms } = this.#explorable;
    const { state } = this.seats[member] as Seat<T>;
    return alarms.flatMap((alarm, which) => (this.#isLeft(alarm.budget) && alarm.mayRing(state) ? [which] : []));
  }

  /** Kinds of questions that a member may be asked, by place. */
  questions(member: number): number[] {
    const { questions } = this.#explorable;
    const { state } = this.seats[member] as Seat<T>;
    return questions.flatMap((each, which) => (this.#isLeft(each.budget) && each.mayAsk(state) ? [which] : []));
  }

  /** Whether this may happen once more. */
  mayFail(how: "crash" | "repeat" | "lose"): boolean {
    const { crashes, duplicates, losses, order } = this.bounds;
    const most = { crash: crashes, repeat: duplicates, lose: order === "any" ? Number.POSITIVE_INFINITY : losses };
    return (this.#used.get(how) ?? 0) < most[how];
  }

  /** Takes a step; the promise that it breaks, if any. `undefined` as well when there is no such step here. */
  take(move: Move<T>, tell?: (text: string) => void): InvariantViolation | undefined {
    const letter = "letter" in move ? this.#find(move.letter) : undefined;
    if ("letter" in move && letter === undefined) return undefined;
    if (move.kind === "lose" || move.kind === "repeat" || move.kind === "crash") {
      if (!this.mayFail(move.kind)) return undefined;
      this.#use(move.kind);
    }
    if (letter !== undefined && move.kind !== "repeat") this.#letters.splice(this.#letters.indexOf(letter), 1);
    if (move.kind === "lose") {
      if (letter !== undefined) tell?.(tellLoss(this.#explorable, letter));
      return undefined;
    }
    const member = letter === undefined ? (move as { member: number }).member : this.#placeOf(letter.to);
    const occasion = this.#occasionOf(move, member, letter);
    if (occasion === undefined) return undefined;
    tell?.(tellOccurrence(this.#explorable, this.seats[member] as Seat<T>, occasion, move.kind === "repeat"));
    return this.#step(member, occasion);
  }

  #step(member: number, occasion: Occasion<T>): InvariantViolation | undefined {
    const found = attempt(() =>
      this.#apply(member, stepSeat(this.#explorable, this.seats[member] as Seat<T>, occasion)),
    );
    return found instanceof InvariantViolation ? found : undefined;
  }

  #apply(member: number, { seat, moment }: Result<T>): void {
    const explorable = this.#explorable;
    this.seats[member] = seat;
    for (const { to, message } of moment.sent) this.#letters.push({ from: moment.id, to, message });
    const facts = explorable.facts(moment);
    if (facts.length > 0) this.#history = explorable.remember(this.#history, facts);
    explorable.check(this.seats, this.#history);
  }

  /** What happens to the member by this move, if it may happen now; what it uses up is counted. */
  #occasionOf(move: Move<T>, member: number, letter: Letter<T> | undefined): Occasion<T> | undefined {
    const { state, pending } = this.seats[member] as Seat<T>;
    if (letter !== undefined) return { kind: "deliver", from: letter.from, message: letter.message };
    switch (move.kind) {
      case "persist":
      case "crash":
        return pending.length < move.count ? undefined : { kind: move.kind, count: move.count };
      case "ring": {
        const alarm = this.#explorable.alarms[move.which] as Alarm<T>;
        if (!this.#isLeft(alarm.budget) || !alarm.mayRing(state)) return undefined;
        this.#use(alarm.budget);
        return { kind: "alarm", alarm };
      }
      case "ask": {
        const question = this.#explorable.questions[move.which] as Question<T>;
        if (!this.#isLeft(question.budget) || !question.mayAsk(state)) return undefined;
        this.#use(question.budget);
        const number = this.#used.get(question.budget) ?? 0;
        return { kind: "request", request: question.request(number, state) };
      }
      default:
        return undefined;
    }
  }

  /** The first member's opening alarm rings, and all that comes of it is done; none of it counts. */
  #open(alarm: Alarm<T>): void {
    this.#step(0, { kind: "alarm", alarm });
    for (;;) {
      const member = this.seats.findIndex(({ pending }) => pending.length > 0);
      const letter = this.#letters[0];
      if (member >= 0) this.take({ kind: "persist", member, count: (this.seats[member] as Seat<T>).pending.length });
      else if (letter !== undefined) this.take({ kind: "deliver", letter });
      else return;
    }
  }

  /** The very letter, or one that says the same: a walk that left something out has letters of its own. */
  #find(letter: Letter<T>): Letter<T> | undefined {
    if (this.#letters.includes(letter)) return this.letters.includes(letter) ? letter : undefined;
    const text = canonical(letter, ownNames);
    return this.letters.find(
      (other) => other.from === letter.from && other.to === letter.to && canonical(other, ownNames) === text,
    );
  }

  #placeOf(id: NodeId): number {
    return this.#explorable.ids.indexOf(id);
  }

  #isLeft(budget: Budget): boolean {
    return (this.#used.get(budget) ?? 0) < budget.countMax;
  }

  #use(what: Budget | "crash" | "repeat" | "lose"): void {
    this.#used.set(what, (this.#used.get(what) ?? 0) + 1);
  }
}
