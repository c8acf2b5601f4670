import { MalformedError } from "../base/errors.ts";

/** What a message says: its type, and fields that depend on it. */
export interface Body {
  readonly type: string;
  /** Names a request, so that it can be answered; a message without one wants no answer. */
  readonly msg_id?: number;
  readonly in_reply_to?: number;
  readonly [field: string]: unknown;
}

/** A line on stdin or stdout. */
export interface Message {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

const shownCharacters = 200;

/** Reads a line; throws `MalformedError` for anything but a message. */
export function parseMessage(line: string): Message {
  const message = parseJson(line);
  if (!isObject(message)) throw malformed("is no JSON object", line);
  const { src, dest, body } = message;
  if (typeof src !== "string" || typeof dest !== "string") throw malformed("has no src or dest that is text", line);
  if (!isObject(body) || typeof body.type !== "string") throw malformed("has no body with a type", line);
  if (!isId(body.msg_id) || !isId(body.in_reply_to)) {
    throw malformed("has a msg_id or in_reply_to that is no whole number", line);
  }
  return { src, dest, body: body as Body };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw malformed("is no JSON", line, { cause });
  }
}

function malformed(problem: string, line: string, options?: { cause: unknown }): MalformedError {
  const shown = line.length > shownCharacters ? `${line.slice(0, shownCharacters)}…` : line;
  return new MalformedError(`a line ${problem} and was skipped: ${shown}`, options);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(value: unknown): boolean {
  return value === undefined || Number.isSafeInteger(value);
}
