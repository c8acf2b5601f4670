/** The candidates that `text` was most likely meant to be, best first; none when nothing is close. */
export function nearest(text: string, candidates: readonly string[], countMax = 1): string[] {
  const typed = text.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(typed, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length * 0.4)))
    .sort((left, right) => left.distance - right.distance)
    .slice(0, countMax)
    .map(({ candidate }) => candidate);
}

/** Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(source: string, target: string): number {
  let before: number[] = [];
  let last = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let row = 1; row <= source.length; row++) {
    const next = [row];
    for (let column = 1; column <= target.length; column++) {
      const same = source[row - 1] === target[column - 1];
      const swapped = source[row - 1] === target[column - 2] && source[row - 2] === target[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = next;
  }
  return last[target.length] ?? 0;
}
