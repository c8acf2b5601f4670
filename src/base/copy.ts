/**
 * A deep copy of plain data: objects, arrays, Maps and Sets.
 *
 * Shared is what nobody changes: byte strings, and what is frozen, with all that it holds.
 */
export function copyPlain<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map) return copyMap(value);
  if (value instanceof Set) return new Set([...value].map(copy));
  const copied: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copied[key] = copy((value as Record<string, unknown>)[key]);
  return copied;
}

function copyMap(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  const copied = new Map<unknown, unknown>();
  for (const [key, held] of map) copied.set(copy(key), copy(held));
  return copied;
}
