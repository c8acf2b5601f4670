import { availableParallelism } from "node:os";
import type { Bounds, RaftLimits } from "../../simulator/index.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration, parseWhole } from "../quantities.ts";

/** The command's options as they were typed. */
export type Words = Readonly<Record<string, string | boolean | undefined>>;

/** What to explore, and how. */
export interface Settings {
  readonly limits: RaftLimits;
  readonly bounds: Bounds;
  readonly timeMs: number;
  readonly jobs: number;
}

/** Longest exploration: a week. */
const timeMsMax = 7 * 24 * 60 * 60_000;

/** Checks the options of `quorate explore`. */
export function readSettings(words: Words): Settings {
  const count = (name: string, least: number, most: number): number => wholeOf(words, name, least, most);
  return {
    limits: {
      members: count("members", 1, 5),
      start: oneOf(words, "start", ["new", "led"]),
      terms: count("terms", 0, 15),
      timeouts: count("timeouts", 0, 15),
      ticks: count("ticks", 0, 15),
      proposals: count("proposals", 0, 15),
      reads: count("reads", 0, 15),
      appendBytesMax: count("appendBytesMax", 1, 2 ** 30),
    },
    bounds: {
      steps: count("steps", 1, 1_000_000),
      states: count("statesMax", 1, 1_000_000_000),
      crashes: count("crashes", 0, 15),
      duplicates: count("duplicates", 0, 15),
      losses: count("losses", 0, 15),
      order: oneOf(words, "order", ["any", "sent"]),
      disk: oneOf(words, "disk", ["late", "fast"]),
      symmetry: true,
    },
    timeMs: parseDuration(String(words.time), "--time", timeMsMax),
    jobs: words.jobs === undefined ? availableParallelism() : count("jobs", 1, 64),
  };
}

function wholeOf(words: Words, name: string, least: number, most: number): number {
  return parseWhole(String(words[name]), `--${dashed(name)}`, least, most) ?? least;
}

function oneOf<Choice extends string>(words: Words, name: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((word) => word === words[name]);
  if (choice !== undefined) return choice;
  throw new CommandFailure(exitCode.usage, `--${dashed(name)} must be ${choices.join(" or ")}, not ${words[name]}`);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
