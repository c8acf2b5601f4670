import { CommandFailure, exitCode } from "../exit.ts";
import { parseWhole } from "../quantities.ts";

/** The command's options as they were typed. */
export type Words = Readonly<Record<string, string | boolean | undefined>>;

/** Reads options by their names; what is wrong is refused. */
export class Reader {
  readonly #words: Words;

  constructor(words: Words) {
    this.#words = words;
  }

  /** A whole number. */
  count(name: string, least: number, most: number): number {
    return parseWhole(String(this.#words[name]), `--${dashed(name)}`, least, most) ?? least;
  }

  /** One of some words. */
  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const choice = choices.find((word) => word === this.#words[name]);
    if (choice !== undefined) return choice;
    const told = `--${dashed(name)} must be ${choices.join(" or ")}, not ${this.#words[name]}`;
    throw new CommandFailure(exitCode.usage, told);
  }
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
