import type { Bounds, Explored } from "../../../simulator/index.ts";
import type { Reader, Words } from "../reader.ts";

/** An option of a protocol as the command line knows it. */
export interface ProtocolOption {
  /** Such as `--terms <count>`. */
  readonly flags: string;
  readonly words: string;
  /** What it is when it is left out, if that is the same for all scenarios. */
  readonly usual?: string;
}

/** What is explored, as the options say. */
export interface Choice {
  readonly explored: Explored;
  readonly bounds: Omit<Bounds, "steps" | "states" | "symmetry">;
  /** The group in one phrase, and each kind of event that may happen with its greatest number. */
  readonly told: { readonly group: string; readonly counts: readonly (readonly [words: string, count: number])[] };
}

/** A protocol that `quorate explore` knows. */
export interface ExplorableProtocol {
  readonly name: Explored["protocol"];
  readonly summary: string;
  readonly description: string;
  /** Its own, besides those of all protocols. */
  readonly options: readonly ProtocolOption[];
  /** What stands after the options in its help. */
  readonly epilogue?: string;
  /** What options are that were left out, by their names in `words`. */
  usual(words: Words): Readonly<Record<string, string>>;
  read(reader: Reader): Choice;
}
