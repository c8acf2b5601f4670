import { Command } from "commander";
import type { NodeStatus } from "../../runtime/api.ts";
import { type EndpointOptions, withEndpoints } from "../client/endpoint-options.ts";
import type { Trust } from "../client/http.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import { say, table } from "../terminal.ts";

interface Row {
  readonly endpoint: string;
  readonly status?: NodeStatus;
  readonly problem?: string;
}

const timeoutMsMax = 60_000;

/** `quorate status`: what each node says of itself. */
export function statusCommand(): Command {
  const description =
    "Asks each node for its role, term, leader and progress. Exits with 69 when none of them knows a leader.";
  return withEndpoints(new Command("status").summary("what each node says of itself").description(description))
    .option("--timeout <duration>", "for each node", "2s")
    .option("--json", "answer as JSON")
    .action(show);
}

async function show(options: EndpointOptions & { timeout: string; json?: boolean }): Promise<void> {
  const { findServers } = await import("../client/endpoints.ts");
  const timeoutMs = parseDuration(options.timeout, "--timeout", timeoutMsMax);
  const { endpoints, trust } = findServers(options, process.env);
  const rows = await Promise.all(endpoints.map((url) => askStatus(url, trust, timeoutMs)));
  say(options.json ? JSON.stringify({ nodes: rows }) : statusTable(rows));
  if (rows.some(({ status }) => status?.leader || (status?.role === "member" && status.healthy))) return;
  throw new CommandFailure(exitCode.unavailable, "no node that answers knows a leader, or is in a group that has none");
}

async function askStatus(endpoint: string, trust: Trust, timeoutMs: number): Promise<Row> {
  const { ask } = await import("../client/client.ts");
  try {
    const answer = await ask(
      { method: "GET", path: "/status" },
      { endpoints: [endpoint], trust, timeoutMs, tryTimeoutMs: timeoutMs },
    );
    if (answer.status !== 200) return { endpoint, problem: `answered ${answer.status}` };
    return { endpoint, status: JSON.parse(answer.text) as NodeStatus };
  } catch (error) {
    if (error instanceof CommandFailure)
      return { endpoint, problem: error.message.split(": ").at(-1) ?? "does not answer" };
    if (error instanceof SyntaxError) return { endpoint, problem: "does not answer like a node of quorate" };
    throw error;
  }
}

function statusTable(rows: readonly Row[]): string {
  const head = ["ENDPOINT", "NODE", "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED", "DISK", "LINKS"];
  const lines = rows.map(({ endpoint, status, problem }) => {
    if (status === undefined) return [endpoint, `(${problem})`];
    const { id, role, term, leader, commit, applied, disk, peers } = status;
    const links = `${peers.filter(({ linkUp }) => linkUp).length}/${peers.length}`;
    return [endpoint, id, role, String(term), leader ?? "-", String(commit), String(applied), disk.state, links];
  });
  return table(head, lines);
}
