import type { Bytes } from "../../base/bytes.ts";
import { copyPlain } from "../../base/copy.ts";
import { InvariantViolation } from "../../base/invariant.ts";
import type { Random } from "../../base/random.ts";
import type { Model } from "../../checker/model.ts";
import { isSameData } from "../../checker/search/same-data.ts";
import type { Machine } from "../../machines/machine.ts";
import { type Asked, defineWorkload, type Workload } from "../workloads/workload.ts";
import { type Chance, newChance } from "./chance.ts";
import { type Claims, checkClaims } from "./claims.ts";

/** What clients ask of a user's own machine: plain data, as JSON can say it. */
export interface MachineWorkload<Command, Answer, Question, Reply, ModelState> {
  /** The next command; `number` counts the calls of a run. */
  readonly command: (chance: Chance, number: number) => Command;
  /** The next question, asked as often as commands are given. Default: none are asked. */
  readonly question?: (chance: Chance, number: number) => Question;
  /**
   * What the machine may answer when it is used by one client at a time.
   *
   * Default: what the machine itself answers then, on a copy of its state. That finds what is wrong with the order of
   * commands, and not what is wrong with the machine; and it takes a state of plain data that ignores `index`.
   */
  readonly model?: Model<ModelState, Asked<Command, Question>, Answer | Reply>;
}

/** A machine of one's own, on Raft, and what must hold of it. */
export interface OwnMachine<State, Command, Answer, Question, Reply, ModelState> {
  readonly machine: Machine<State, Command, Answer, Question, Reply>;
  readonly workload: MachineWorkload<Command, Answer, Question, Reply, ModelState>;
  /** Checked on each member after each command it applied, by name. Default: none. */
  readonly invariants?: Claims<State>;
}

/** Clients of a user's own machine. */
export function machineWorkload<State, Command, Answer, Question, Reply, ModelState>(
  own: OwnMachine<State, Command, Answer, Question, Reply, ModelState>,
): Workload {
  const { command, question, model } = own.workload;
  const rest = {
    name: "machine",
    machine: checked(own.machine, own.invariants ?? {}),
    draw: (random: Random, number: number): Asked<Command, Question> => {
      const chance = newChance(random);
      return question !== undefined && chance.happens(0.5)
        ? { kind: "question", question: question(chance, number) }
        : { kind: "command", command: command(chance, number) };
    },
    ask: (call: Asked<Command, Question>) => call,
  };
  const asIs = {
    call: (asked: Asked<Command, Question>) => asked,
    result: (result: Answer | Reply) => result,
  };
  if (model !== undefined) return defineWorkload(rest, { ...asIs, model });
  return defineWorkload(rest, { ...asIs, model: modelOf(own.machine) });
}

/** The same machine, which stops the member that breaks a claim. */
function checked<State, Command, Answer, Question, Reply>(
  machine: Machine<State, Command, Answer, Question, Reply>,
  claims: Claims<State>,
): Machine<State, Command, Answer, Question, Reply> {
  return {
    ...machine,
    apply: (state, command, index) => {
      const answer = machine.apply(state, command, index);
      checkClaims(claims, state);
      return answer;
    },
  };
}

/** The machine as its own specification. */
function modelOf<State, Command, Answer, Question, Reply>(
  machine: Machine<State, Command, Answer, Question, Reply>,
): Model<State, Asked<Command, Question>, Answer | Reply> {
  const answer = (state: State, asked: Asked<Command, Question>): unknown => {
    if (asked.kind === "question") return machine.query(state, asked.question);
    try {
      return machine.answer.decode(machine.answer.encode(machine.apply(state, asked.command, 0)));
    } catch (error) {
      if (error instanceof InvariantViolation) throw error;
      return error instanceof Error ? error.message : error; // what a client is told of it
    }
  };
  return {
    name: "the machine itself",
    initial: machine.initial(),
    next: (state, asked, result) => {
      const after = copyPlain(state);
      const expected = answer(after, asked);
      return result === undefined || isSameData(expected, result) ? [after] : [];
    },
    key: (state) => textOf(machine.snapshot(state)),
    isRead: ({ kind }) => kind === "question",
    describe: (asked, result) =>
      `${JSON.stringify(asked.kind === "command" ? asked.command : asked.question)} -> ${JSON.stringify(result) ?? "?"}`,
  };
}

function textOf(chunks: Iterable<Bytes>): string {
  let text = "";
  for (const chunk of chunks) for (const byte of chunk) text += String.fromCharCode(byte);
  return text;
}
