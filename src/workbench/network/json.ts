/** Marks the digits of a whole number that a JavaScript number cannot hold; no node has reason to write such a text. */
const mark = "\u0001";

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const whole = /^-?\d{16,}$/;

/**
 * As `JSON.parse`, but whole numbers beyond 2^53 keep all their digits, as marked texts.
 *
 * Identifiers of 64 bits are common among nodes, and rounding them would make different ones equal.
 */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  JSON.parse(text); // what is no JSON must not become so
  return JSON.parse(
    text.replace(tokens, (token) =>
      whole.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0001${token}"` : token,
    ),
  );
}

/** As `JSON.stringify`, for what `parseJson` read. */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes("\\u0001") ? text.replace(/"\\u0001(-?\d+)"/g, "$1") : text;
}

/** The same text for equal values, whatever the order of their fields; another for different ones. */
export function spellJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
        : part,
    ) ?? mark
  );
}

/** Whether lists and objects lie in each other more than `depth` times. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeperThan(part, depth - 1));
}
