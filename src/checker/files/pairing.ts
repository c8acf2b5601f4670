import { MalformedError } from "../../base/errors.ts";
import type { History, Operation } from "../history.ts";

type Kept<Call, Result> = { -readonly [Name in keyof Operation<Call, Result>]: Operation<Call, Result>[Name] };

interface Open<Call, Result> {
  readonly line: number;
  readonly kept: Kept<Call, Result>;
}

/** An error that names the line at fault, counted from 1. */
export function lineError(line: number, problem: string): MalformedError {
  return new MalformedError(`line ${line}: ${problem}`);
}

/** Puts calls and their ends together, line by line, a call at a time for each process. */
export class Pairing<Call, Result> {
  readonly #open = new Map<string, Open<Call, Result>>();
  readonly #calls = new Set<Kept<Call, Result>>();
  #isTimed: boolean | undefined;

  invoke(line: number, process: string, call: Call, time: number | undefined): void {
    const open = this.#open.get(process);
    if (open !== undefined) {
      const problem = `process ${process} calls again, but its call of line ${open.line} has not ended`;
      throw lineError(line, `${problem}; if its answer never came, that call ends with info`);
    }
    const calledAt = this.#timeOf(line, time);
    const kept: Kept<Call, Result> = { client: process, call, calledAt, result: undefined, returnedAt: undefined };
    this.#open.set(process, { line, kept });
    this.#calls.add(kept);
  }

  /** The call of `process` that a line ends. */
  callOf(line: number, process: string): Call {
    return this.#openOf(line, process).call;
  }

  /** The call was answered. */
  answer(line: number, process: string, result: Result, time: number | undefined): void {
    const kept = this.#end(line, process);
    const returnedAt = this.#timeOf(line, time);
    if (returnedAt < kept.calledAt) throw lineError(line, `ends at ${returnedAt}, before its call at ${kept.calledAt}`);
    kept.result = result;
    kept.returnedAt = returnedAt;
  }

  /** The call certainly had no effect. */
  drop(line: number, process: string): void {
    this.#calls.delete(this.#end(line, process));
  }

  /** Nobody knows what came of the call. */
  leaveOpen(line: number, process: string): void {
    this.#end(line, process);
  }

  /** All calls; those that no line has ended are open. */
  finish(): History<Call, Result> {
    return [...this.#calls];
  }

  #openOf(line: number, process: string): Kept<Call, Result> {
    const open = this.#open.get(process);
    if (open === undefined) throw lineError(line, `process ${process} has no call that could end`);
    return open.kept;
  }

  #end(line: number, process: string): Kept<Call, Result> {
    const kept = this.#openOf(line, process);
    this.#open.delete(process);
    return kept;
  }

  /** Without times, the order of the lines is that of time. */
  #timeOf(line: number, time: number | undefined): number {
    this.#isTimed ??= time !== undefined;
    if (this.#isTimed !== (time !== undefined)) {
      throw lineError(
        line,
        this.#isTimed ? "has no time, and lines before it have" : "has a time, and lines before it have none",
      );
    }
    return time ?? line;
  }
}
