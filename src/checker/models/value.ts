/** What registers, sets and queues hold. Values are the same if `===` says so. */
export type Value = string | number | boolean | null;

/** A value in a description. */
export function show(value: Value): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) && Number.isNaN(Number(value))
    ? value
    : JSON.stringify(value);
}

/** The same text for equal values, another for different ones. */
export function spell(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
