/** Which shares of the values are told. */
const points = [0, 0.5, 0.95, 0.99, 1] as const;

/** The value below which each share of them lies, by the name of the share; undefined for none at all. */
export function distributionOf(values: readonly number[]): Readonly<Record<string, number>> | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const last = sorted.length - 1;
  return Object.fromEntries(
    points.map((point) => [String(point), sorted[Math.min(last, Math.floor(sorted.length * point))] ?? 0]),
  );
}
