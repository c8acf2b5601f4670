import type { NodeId } from "../../../base/ids.ts";
import { InvariantViolation, invariant, unreachable } from "../../../base/invariant.ts";
import type { Explorable, Terms } from "../explorable.ts";
import type { Renaming } from "./canonical.ts";
import { Parts } from "./parts.ts";
import { newSeat, type Occasion, type Seat, seatEssence, stepSeat } from "./seat.ts";

/** A message on its way. */
export interface Letter<T extends Terms> {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: T["message"];
}

/** What a step of one member comes to, whatever the rest of the world is like. */
export interface Outcome<T extends Terms> {
  readonly seat: number;
  readonly letters: readonly number[];
  readonly facts: readonly T["fact"][];
  /** Nothing has changed, and nothing was said. */
  readonly isIdle: boolean;
  /** By number of the history before: that of the history after, or how the two contradict each other. */
  readonly histories: Map<number, number | InvariantViolation> | undefined;
  readonly broken: InvariantViolation | undefined;
}

/** What may happen to a seat of itself. */
export interface Chances {
  readonly pendingCount: number;
  /** By alarm. */
  readonly mayRing: readonly boolean[];
  /** By kind of question. */
  readonly mayAsk: readonly boolean[];
  /** By alarm of those that ring until all is at rest. */
  readonly mayEnd: readonly boolean[];
}

/**
 * What happens to a member. `argument`: a letter's number, kind and number of a question, a count of records, or an
 * alarm's place; `open` is the opening alarm, `end` one of those that ring until all is at rest.
 */
export type StepKind = "deliver" | "ask" | "persist" | "crash" | "ring" | "open" | "end";

/** One step of the world: what happens to whom. */
export interface Step {
  /** `repeat`: delivered, while a copy stays on its way. */
  readonly kind: StepKind | "repeat" | "lose";
  /** Place among the members. */
  readonly member: number;
  /** As in `StepKind`; a letter's number with `repeat` and `lose`. */
  readonly argument: number;
}

const kinds: readonly StepKind[] = ["deliver", "ask", "persist", "crash", "ring", "open", "end"];
const codeOf = new Map(kinds.map((kind, code) => [kind, code]));

/** Most steps say nothing, and tell the history nothing. */
const none: readonly never[] = [];

/** Questions of one kind are numbered below this. */
const askRoom = 16;

/** The argument of `ask`. */
export function questionArgument(question: number, number: number): number {
  return question * askRoom + number;
}

/** Which kind of question an argument of `ask` means. */
export function questionKind(argument: number): number {
  return Math.floor(argument / askRoom);
}

/**
 * The steps of single members: each is taken once by the production core, and remembered.
 *
 * What a member does depends on its seat and on what happens to it, and on nothing else in the world.
 */
export class LocalSteps<T extends Terms> {
  readonly explorable: Explorable<T>;
  readonly seats: Parts<Seat<T>>;
  readonly letters: Parts<Letter<T>>;
  readonly histories: Parts<T["history"]>;
  readonly #outcomes: Map<number, Outcome<T>>[] = [];
  readonly #chances: Chances[] = [];
  readonly #spent: Map<number, boolean>[] = [];
  readonly #echoes: Map<number, boolean>[] = [];
  /** Whether there may be echoes. */
  readonly hasEchoes: boolean;
  /** Places of each letter's sender and receiver among the members, by letter. */
  readonly senders: number[] = [];
  readonly receivers: number[] = [];
  /** A number for each pair of sender and receiver, by letter. */
  readonly links: number[] = [];

  constructor(explorable: Explorable<T>, renamings: readonly Renaming[]) {
    this.explorable = explorable;
    this.hasEchoes = explorable.isEcho !== undefined;
    this.seats = new Parts(renamings);
    this.letters = new Parts(renamings);
    this.histories = new Parts(renamings);
  }

  /** The numbers of the members' first seats, and of the first history. */
  first(): number[] {
    const { explorable } = this;
    const seats = explorable.ids.map((id) => this.seatNumber(newSeat(explorable, id, [], 1)));
    return [...seats, this.historyNumber(explorable.firstHistory)];
  }

  /** The one step of this seat. */
  take(seat: number, kind: StepKind, argument: number): Outcome<T> {
    const code = argument * kinds.length + (codeOf.get(kind) as number);
    const outcomes = this.#outcomes[seat] as Map<number, Outcome<T>>;
    const known = outcomes.get(code);
    if (known !== undefined) return known;
    const outcome = this.#compute(seat, this.occasion(seat, kind, argument));
    outcomes.set(code, outcome);
    return outcome;
  }

  /** What may happen to this seat of itself. */
  chances(seat: number): Chances {
    return this.#chances[seat] as Chances;
  }

  /** Whether nothing can ever come of this letter at this seat; with `mayRestart`, not after a restart either. */
  isSpent(letter: number, seat: number, mayRestart: boolean): boolean {
    const spent = this.#spent[seat] as Map<number, boolean>;
    const code = 2 * letter + Number(mayRestart);
    let known = spent.get(code);
    if (known === undefined) {
      const { message } = this.letters.at(letter);
      const mayBe = this.explorable.isSpent(message, this.seats.at(seat).state, mayRestart);
      known = mayBe && this.take(seat, "deliver", letter).isIdle;
      spent.set(code, known);
    }
    return known;
  }

  /** Whether nothing but vain answers will ever come of this letter between these seats, if nobody starts again. */
  isEcho(letter: number, receiver: number, sender: number): boolean {
    const echoes = this.#echoes[letter] as Map<number, boolean>;
    const code = receiver * 2 ** 26 + sender;
    let known = echoes.get(code);
    if (known === undefined) {
      const { message, from } = this.letters.at(letter);
      const mayBe = this.explorable.isEcho?.(message, this.seats.at(receiver).state, this.seats.at(sender).state);
      known = mayBe === true && this.#isAnsweredInVain(from, sender, this.take(receiver, "deliver", letter), receiver);
      echoes.set(code, known);
    }
    return known;
  }

  #isAnsweredInVain(from: NodeId, sender: number, outcome: Outcome<T>, receiver: number): boolean {
    if (outcome.broken !== undefined || outcome.seat !== receiver || outcome.facts.length > 0) return false;
    return outcome.letters.every(
      (answer) => this.letters.at(answer).to === from && this.isSpent(answer, sender, false),
    );
  }

  /** The history after this outcome, or what is wrong with it. */
  remember(history: number, outcome: Outcome<T>): number | InvariantViolation {
    if (outcome.histories === undefined) return history;
    let next = outcome.histories.get(history);
    if (next === undefined) {
      next = attempt(() => this.historyNumber(this.explorable.remember(this.histories.at(history), outcome.facts)));
      outcome.histories.set(history, next);
    }
    return next;
  }

  /** What a step of this kind is to the member in this seat that takes it. */
  occasion(seat: number, kind: StepKind, argument: number): Occasion<T> {
    const { explorable } = this;
    switch (kind) {
      case "deliver":
        return { kind, from: this.letters.at(argument).from, message: this.letters.at(argument).message };
      case "ask":
        return { kind: "request", request: this.#request(seat, argument) };
      case "persist":
      case "crash":
        return { kind, count: argument };
      case "ring":
      case "open":
      case "end": {
        const alarms = { ring: explorable.alarms, open: [explorable.opening], end: explorable.rest?.alarms };
        const alarm = alarms[kind]?.[argument];
        invariant(alarm !== undefined, "only alarms that there are ring");
        return { kind: "alarm", alarm };
      }
      default:
        return unreachable(kind);
    }
  }

  #request(seat: number, argument: number): T["request"] {
    const question = this.explorable.questions[questionKind(argument)];
    invariant(question !== undefined, "only questions that there are get asked");
    return question.request(argument % askRoom, this.seats.at(seat).state);
  }

  #compute(seat: number, occasion: Occasion<T>): Outcome<T> {
    const { explorable } = this;
    const nothing = { seat, letters: none, facts: none, isIdle: false, histories: undefined };
    const result = attempt(() => stepSeat(explorable, this.seats.at(seat), occasion));
    if (result instanceof InvariantViolation) return { ...nothing, broken: result };
    const { moment } = result;
    const facts = attempt(() => explorable.facts(moment));
    if (facts instanceof InvariantViolation) return { ...nothing, broken: facts };
    const from = moment.id;
    const letters = moment.sent.map(({ to, message }) => this.letterNumber({ from, to, message }));
    const next = this.seatNumber(result.seat);
    const isSame = next === seat || (occasion.kind === "crash" && this.#isReborn(seat, result.seat));
    const isIdle = isSame && letters.length === 0 && facts.length === 0;
    const histories = facts.length === 0 ? undefined : new Map();
    return { seat: next, letters: letters.length === 0 ? none : letters, facts, isIdle, histories, broken: undefined };
  }

  /** Whether a crash has taken nothing: all that can follow can follow without it, in the earlier life. */
  #isReborn(seat: number, reborn: Seat<T>): boolean {
    const before = this.seats.at(seat);
    return before.pending.length === 0 && this.seatNumber({ ...reborn, life: before.life }) === seat;
  }

  /** The number of a seat that may be new. */
  seatNumber(seat: Seat<T>): number {
    const { explorable } = this;
    const number = this.seats.number(seat, seatEssence(explorable, seat));
    if (number < this.#chances.length) return number;
    const { state, pending } = seat;
    this.#outcomes.push(new Map());
    this.#spent.push(new Map());
    this.#chances.push({
      pendingCount: pending.length,
      mayRing: explorable.alarms.map((alarm) => alarm.mayRing(state)),
      mayAsk: explorable.questions.map((question) => question.mayAsk(state)),
      mayEnd: explorable.rest?.alarms.map((alarm) => alarm.mayRing(state)) ?? none,
    });
    return number;
  }

  letterNumber(letter: Letter<T>): number {
    const number = this.letters.number(letter, letter);
    if (number < this.receivers.length) return number;
    const { ids } = this.explorable;
    const to = ids.indexOf(letter.to);
    invariant(to >= 0, "members write to members alone");
    const from = ids.indexOf(letter.from);
    this.senders.push(from);
    this.receivers.push(to);
    this.links.push(from * ids.length + to);
    this.#echoes.push(new Map());
    return number;
  }

  historyNumber(history: T["history"]): number {
    return this.histories.number(history, history);
  }
}

/** What `act` gives, or the promise that it found broken: looking for those is what an exploration is for. */
export function attempt<R>(act: () => R): R | InvariantViolation {
  try {
    return act();
  } catch (error) {
    if (error instanceof InvariantViolation) return error;
    throw error;
  }
}
