import { isDeeperThan, parseJson } from "./json.ts";

/** What a message says: all fields but `type` are between sender and receiver. */
export interface Body {
  readonly type?: unknown;
  readonly msg_id?: unknown;
  readonly in_reply_to?: unknown;
  readonly [field: string]: unknown;
}

/** A message as nodes write and read it. */
export interface Message {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

/** What a line from a node is: a message, or what is wrong with it in words that follow "printed a line that". */
export type ReadLine = { readonly message: Message } | { readonly problem: string };

/** Deepest nesting of a message: what reads it again, here or in a node, calls itself for each level. */
const depthMax = 1000;

/** Reads a line of a node's output. */
export function readMessage(line: string): ReadLine {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch {
    return { problem: "is not JSON" };
  }
  if (!isRecord(value)) return { problem: "is JSON, but no object" };
  if (line.length > 2 * depthMax && isDeeperThan(value, depthMax))
    return { problem: `is nested deeper than ${depthMax}` };
  const { src, dest, body } = value;
  if (typeof src !== "string") return { problem: "has no string `src`" };
  if (typeof dest !== "string") return { problem: "has no string `dest`" };
  if (!isRecord(body)) return { problem: "has no object `body`" };
  return { message: { src, dest, body } };
}

/** Tells JSON objects from all else. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
