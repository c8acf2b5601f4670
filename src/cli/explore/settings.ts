import { availableParallelism } from "node:os";
import { type Bounds, canBeCounted, type Explored } from "../../simulator/index.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import type { Choice, ExplorableProtocol } from "./protocols/protocol.ts";
import { Reader, type Words } from "./reader.ts";

/** What to explore, and how. */
export interface Settings {
  readonly explored: Explored;
  readonly bounds: Bounds;
  readonly told: Choice["told"];
  readonly timeMs: number;
  readonly jobs: number;
  /** Walks at random, instead of everything: how many, and the seed of the first. */
  readonly walks: { readonly count: number; readonly seed: number } | undefined;
}

const tooMany = "too many kinds of events at once: leave out some, that is set their counts to 0";

/** Longest exploration: a week. */
const timeMsMax = 7 * 24 * 60 * 60_000;

/** Checks the options of `quorate explore`. */
export function readSettings(protocol: ExplorableProtocol, words: Words): Settings {
  const reader = new Reader({ ...protocol.usual(words), ...words });
  const { explored, told, ...choice } = protocol.read(reader);
  const steps = reader.count("steps", 1, 1_000_000);
  const states = reader.count("statesMax", 1, 1_000_000_000);
  const bounds = { ...choice.bounds, steps, states, symmetry: true };
  if (words.walk === undefined && !canBeCounted(explored, bounds)) throw new CommandFailure(exitCode.usage, tooMany);
  return {
    explored,
    bounds,
    told,
    timeMs: parseDuration(String(words.time), "--time", timeMsMax),
    jobs: words.jobs === undefined ? availableParallelism() : reader.count("jobs", 1, 64),
    walks: words.walk === undefined ? undefined : readWalks(reader),
  };
}

function readWalks(reader: Reader): Settings["walks"] {
  return { count: reader.count("walk", 1, 1_000_000_000), seed: reader.count("seed", 0, 2 ** 32 - 1) };
}
