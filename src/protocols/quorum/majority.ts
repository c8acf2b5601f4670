/** The least number of `voterCount` voters of which any two groups share a voter. */
export function majority(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/** The highest value that a majority has reached: of [12, 5, 7] it is 7. Sorts `reached` in place. */
export function reachedByMajority(reached: number[]): number {
  sortDown(reached);
  return reached[majority(reached.length) - 1] ?? 0;
}

/** Highest first, by insertion: for the few voters of a group an engine's own sort takes several times as long. */
function sortDown(values: number[]): void {
  for (let at = 1; at < values.length; at++) {
    const value = values[at] as number;
    let place = at;
    while (place > 0 && (values[place - 1] as number) < value) values[place] = values[--place] as number;
    values[place] = value;
  }
}
