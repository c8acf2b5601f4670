import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { problemDocument } from "./answers.ts";
import type { Around } from "./exchange.ts";
import { refusal } from "./status.ts";

const hostPattern = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/;

/** Whether only this machine can reach `host`, a name or an address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    (isIP(name) === 4 && name.startsWith("127."))
  );
}

/**
 * Refuses what a web page in somebody's browser could have sent.
 *
 * A page may post plain text anywhere without asking, so the browser's own word on where a request comes from is heeded
 * (`Sec-Fetch-Site`, `Origin`); and a name that a page had resolved to our address (DNS rebinding) is none of `names`,
 * the host listened on and others that clients use. Loopback is always ours.
 */
export function guard(names: readonly string[]): Around {
  const ours = new Set(names.map((name) => name.toLowerCase()));
  const anyAddress = ours.has("0.0.0.0") || ours.has("::"); // an address cannot be resolved anew as a name can
  const isOurs = (name: string): boolean => isLoopback(name) || ours.has(name) || (anyAddress && isIP(name) !== 0);
  return (exchange, next) => {
    const problem = complaint(exchange.env.incoming.headers, isOurs);
    if (problem === undefined) return next();
    return Promise.resolve(problemDocument(refusal("QUORATE_FORBIDDEN", problem)));
  };
}

function complaint(headers: IncomingHttpHeaders, isOurs: (name: string) => boolean): string | undefined {
  const host = headers.host?.toLowerCase() ?? "";
  const name = hostPattern.exec(host)?.[1]?.replace(/^\[(.*)\]$/, "$1");
  if (name === undefined || !isOurs(name)) {
    return "the Host header must be a loopback name, or the host or one of the names that this node was given";
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return "requests from web pages of another origin are refused (Sec-Fetch-Site)";
  }
  const origin = headers.origin?.toLowerCase();
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return "requests from web pages of another origin are refused (Origin)";
  }
  return undefined;
}
