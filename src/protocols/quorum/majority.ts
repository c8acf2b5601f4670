/** The least number of `voterCount` voters of which any two groups share a voter. */
export function majority(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/** The highest value that a majority has reached: of [12, 5, 7] it is 7. Sorts `reached` in place. */
export function reachedByMajority(reached: number[]): number {
  reached.sort((left, right) => right - left);
  return reached[majority(reached.length) - 1] ?? 0;
}
