import type { IncomingHttpHeaders } from "node:http";
import { MalformedError } from "../../base/errors.ts";

/** What a write demands of the stored version: `undefined` nothing, 0 that there is none, "never" the impossible. */
export type Precondition = number | undefined | "never";

/** The entity tag of a version. */
export function etag(version: number): string {
  return `"${version}"`;
}

/** The demand of `If-Match` or `If-None-Match: *` (RFC 9110 §13.1). Only forms that one step can decide are taken. */
export function writePrecondition(headers: IncomingHttpHeaders): Precondition {
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (match !== undefined && noneMatch !== undefined) {
    throw new MalformedError("give If-Match or If-None-Match, not both");
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === "*") return 0;
    throw new MalformedError('If-None-Match on a write must be *; for a certain version use If-Match: "7"');
  }
  if (match === undefined) return undefined;
  const tag = /^\s*(W\/)?"([^"]*)"\s*$/.exec(match);
  if (tag === null) throw new MalformedError('If-Match must be one ETag as it was given, as in "7"');
  const isVersion = tag[1] === undefined && /^[1-9]\d{0,15}$/.test(tag[2] ?? "");
  return isVersion ? Number(tag[2]) : "never";
}

/** Whether a reader already has `version` (`If-None-Match` of a read). */
export function hasAlready(headers: IncomingHttpHeaders, version: number): boolean {
  const tags = headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags !== undefined && (tags.includes("*") || tags.includes(etag(version)));
}
