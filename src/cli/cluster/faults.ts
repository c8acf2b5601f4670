import type { FaultRule } from "../../runtime/transports/faults.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { formatMs } from "../quantities.ts";

/** One direction between two nodes. */
export interface Way {
  readonly from: string;
  readonly to: string;
}

/** Longest delay of a link, in ms. */
export const delayMsMax = 60_000;

/** Reads `n1 n2` (both directions) or `n1:n2` (one). */
export function parseWays(words: readonly string[]): Way[] {
  const [first = "", second = "", ...more] = words;
  const one = /^([^:]+):([^:]+)$/.exec(first);
  if (words.length === 1 && one?.[1] && one[2]) return [{ from: one[1], to: one[2] }];
  if (first && second && more.length === 0 && !`${first}${second}`.includes(":")) {
    return [
      { from: first, to: second },
      { from: second, to: first },
    ];
  }
  throw new CommandFailure(
    exitCode.usage,
    `${words.join(" ")} is no link: write n1 n2 for both directions, n1:n2 for one`,
  );
}

/** The faults in force on the links of a cluster. */
export class Faults {
  readonly #rules = new Map<string, { readonly way: Way; readonly delayMs: number | undefined }>();

  /** Lets nothing through. */
  cut(ways: readonly Way[]): void {
    for (const way of ways) this.#rules.set(nameOf(way), { way, delayMs: undefined });
  }

  /** Lets everything through, later. */
  delay(ways: readonly Way[], delayMs: number): void {
    for (const way of ways) this.#rules.set(nameOf(way), { way, delayMs });
  }

  /** Ends these faults, or all. */
  heal(ways: readonly Way[] | undefined): void {
    if (ways === undefined) this.#rules.clear();
    else for (const way of ways) this.#rules.delete(nameOf(way));
  }

  /** What node `from` must do to what it sends. */
  rulesOf(from: string): FaultRule[] {
    return [...this.#rules.values()]
      .filter(({ way }) => way.from === from)
      .map(({ way, delayMs }) => (delayMs === undefined ? { peer: way.to, cut: true } : { peer: way.to, delayMs }));
  }

  /** For people: `n1:n2 cut`, `n2:n1 +300 ms`. */
  describe(): string[] {
    return [...this.#rules].map(([name, { delayMs }]) =>
      delayMs === undefined ? `${name} cut` : `${name} +${formatMs(delayMs)}`,
    );
  }
}

function nameOf({ from, to }: Way): string {
  return `${from}:${to}`;
}
