import { OperatingError } from "../../base/errors.ts";
import { type Problem, retryAfterSeconds, statusOf } from "./status.ts";

/** Every answer is of the moment, and is never to be taken for a page. */
const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
const plain = { "content-type": "text/plain; charset=utf-8", ...always };
const json = { "content-type": "application/json", ...always };

type Headers = Readonly<Record<string, string>>;

/** One line of plain text: the classic form. */
export function line(text: string | number, status = 200, headers?: Headers): Response {
  return new Response(`${text}\n`, { status, headers: headers ? { ...plain, ...headers } : plain });
}

/** A JSON document. */
export function document(value: unknown, status = 200, headers?: Headers): Response {
  return new Response(JSON.stringify(value), { status, headers: headers ? { ...json, ...headers } : json });
}

/** No body: 204 by default. */
export function nothing(status = 204, headers?: Headers): Response {
  return new Response(null, { status, headers: { ...always, ...headers } });
}

/** A problem in the JSON form; the shape is `Problem` of /openapi.json. */
export function problemDocument({ code, message, retry, outcome }: Problem, headers?: Headers): Response {
  const status = statusOf({ code, message, retry, outcome });
  return document({ error: { code, message, retry, outcome } }, status, { ...retryHeaders(status), ...headers });
}

/** A problem in the classic form: what happened, and in brackets whether it may have been applied. */
export function problemLine(problem: Problem, headers?: Headers): Response {
  const status = statusOf(problem);
  const text = `${problem.code}: ${problem.message} [${problem.outcome}]`;
  return line(text.replaceAll(/\s+/g, " "), status, { ...retryHeaders(status), ...headers });
}

/** Anything thrown, as a problem: what is no `OperatingError` is a fault of this server. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OperatingError) return error;
  return {
    code: "QUORATE_INTERNAL",
    message: "this node met an error of its own: the request may or may not have been applied; its log says more",
    retry: "elsewhere",
    outcome: "unknown",
  };
}

function retryHeaders(status: number): Headers | undefined {
  return status === 503 ? { "retry-after": String(retryAfterSeconds) } : undefined;
}
