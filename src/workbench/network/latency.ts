import { nextUint32, type Random } from "../../base/random.ts";

/** How delays are spread around their mean, as Maelstrom names it. */
export type LatencyDistribution = "constant" | "uniform" | "exponential";

/** The names of all distributions. */
export const latencyDistributions: readonly LatencyDistribution[] = ["constant", "uniform", "exponential"];

/** Whole milliseconds that one message takes; uniform means 0 to twice the mean. */
export function drawLatencyMs(random: Random, distribution: LatencyDistribution, meanMs: number): number {
  const share = nextUint32(random) / 2 ** 32;
  switch (distribution) {
    case "constant":
      return meanMs;
    case "uniform":
      return Math.floor(share * (2 * meanMs + 1));
    case "exponential":
      return Math.floor(-Math.log(1 - share) * meanMs);
  }
}
