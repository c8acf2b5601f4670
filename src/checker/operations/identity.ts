/** Deeper than this, values from foreign nodes are taken to be the same. */
const depthMax = 100;

/**
 * What values of JSON are told apart by: the same for equal values, whatever the order of their fields.
 *
 * Numbers stand for themselves, because histories are full of them.
 */
export function identityOf(value: unknown): number | string {
  return typeof value === "number" ? value : spell(value, 0);
}

/** A value in an explanation: as JSON, cut short. */
export function show(value: unknown): string {
  const text = spell(value, 0);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function spell(value: unknown, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (depth === depthMax) return "…";
  if (Array.isArray(value)) return `[${value.map((each) => spell(each, depth + 1)).join()}]`;
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${spell(each, depth + 1)}`).join()}}`;
}
