import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import { note } from "../terminal.ts";
import type { Ask } from "./client.ts";
import { type EndpointOptions, withEndpoints } from "./endpoint-options.ts";

/** What every command that asks a cluster takes. */
export interface CallOptions extends EndpointOptions {
  readonly timeout: string;
  readonly json?: boolean;
  /** Of reads: whatever the asked node has. */
  readonly stale?: boolean;
  /** Of reads: what the leader knows by its lease. */
  readonly lease?: boolean;
  /** Of writes: the request's name, to go on with an earlier try. */
  readonly idempotencyKey?: string;
}

const timeoutMsMax = 600_000;

/** A command that asks a cluster; `kind` decides which options it takes besides. */
export function clientCommand(usage: string, kind: "read" | "write", description: string): Command {
  const command = withEndpoints(new Command(usage.split(" ")[0]).description(description))
    .option("--timeout <duration>", "for all tries together", "15s")
    .option("--json", "answer as JSON");
  for (const argument of usage.split(" ").slice(1)) command.argument(argument);
  if (kind === "read") {
    return command
      .option("--stale", "what the first node has, without asking the others")
      .option("--lease", "by the leader's lease, where nodes serve with --leases");
  }
  return command.option(
    "--idempotency-key <name>",
    "names the request: repeated with the same name it is applied once",
  );
}

/** Asks the cluster and gives the parsed answer; a refusal becomes a `CommandFailure` with the code it deserves. */
export async function call<Body>(request: Ask, options: CallOptions): Promise<Body> {
  const [{ ask, readError }, { findServers }] = await Promise.all([import("./client.ts"), import("./endpoints.ts")]);
  const consistency = options.stale ? "stale" : options.lease ? "lease" : undefined;
  const mark = request.path.includes("?") ? "&" : "?";
  const path = consistency === undefined ? request.path : `${request.path}${mark}consistency=${consistency}`;
  const servers = findServers(options, process.env);
  const timeoutMs = parseDuration(options.timeout, "--timeout", timeoutMsMax);
  const key = request.method === "GET" ? {} : { key: options.idempotencyKey ?? randomUUID() };
  const interrupted = (): void => {
    if (key.key !== undefined)
      note(`interrupted: the request may be applied; repeat it with --idempotency-key ${key.key} to be sure`);
  };
  process.prependListener("SIGINT", interrupted);
  const answer = await ask({ ...request, path }, { ...servers, timeoutMs, ...key });
  process.off("SIGINT", interrupted);
  if (answer.status < 400) return (answer.text === "" ? {} : parse(answer.text, answer.endpoint)) as Body;
  const { message, code, outcome } = readError(answer.text);
  const exit = outcome === "unknown" ? exitCode.unknown : answer.status === 400 ? exitCode.usage : exitCode.failed;
  const page = code === undefined ? "" : ` (${code})`;
  throw new CommandFailure(exit, `${message || `${answer.endpoint} answered ${answer.status}`}${page}`);
}

function parse(text: string, endpoint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `${endpoint} does not answer like a node of quorate`, { cause: error });
  }
}
