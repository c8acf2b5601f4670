import type { OperatingError } from "../../base/errors.ts";

/** What a refusal tells its reader, in every form; any `OperatingError` is one. */
export type Problem = Pick<OperatingError, "code" | "message" | "retry" | "outcome">;

/** The codes that mean something more precise in HTTP than their `retry` and `outcome` say. */
const statuses: { readonly [code: string]: number } = {
  QUORATE_MALFORMED: 400,
  QUORATE_OPTION: 400,
  QUORATE_FORBIDDEN: 403,
  QUORATE_NOT_FOUND: 404,
  QUORATE_NO_SUCH_PATH: 404,
  QUORATE_METHOD_NOT_ALLOWED: 405,
  QUORATE_EXISTS: 409,
  QUORATE_INVALID_CHANGE: 409,
  QUORATE_UNSUPPORTED: 409,
  QUORATE_EMPTY: 410,
  QUORATE_VERSION_MISMATCH: 412,
  QUORATE_TOO_LARGE: 413,
  QUORATE_KEY_REUSED: 422,
  QUORATE_INTERNAL: 500,
};

/**
 * The HTTP status of a problem: the one table of this edge.
 *
 * 504 says that the request may have been applied, 503 that it certainly was not and may be tried again, 500 that
 * trying again is no use.
 */
export function statusOf(problem: Problem): number {
  const known = statuses[problem.code];
  if (known !== undefined) return known;
  if (problem.outcome === "unknown") return 504;
  return problem.retry === "never" ? 500 : 503;
}

/** Seconds after which a refused request is worth another try: about one election. */
export const retryAfterSeconds = 1;

/** A request that is refused for what it asks: nothing was applied, and repeating it is no use. */
export function refusal(code: Problem["code"], message: string): Problem {
  return { code, message, retry: "never", outcome: "not-applied" };
}
