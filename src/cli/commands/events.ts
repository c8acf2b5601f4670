import { Command } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import { note, say } from "../terminal.ts";

/** Longest event that is read, in characters. */
const eventLengthMax = 4 * 1024 * 1024;

interface EventsOptions {
  readonly endpoints?: string;
  readonly messages?: boolean;
  readonly json?: boolean;
}

/** `quorate events`: what the nodes see, as it happens. */
export function eventsCommand(): Command {
  return new Command("events")
    .summary("watch elections, commits, links and messages as they happen")
    .description("Prints what the nodes see, until it is interrupted or no node is left.")
    .option("--endpoints <list>", "nodes to watch, host:port,… (QUORATE_ENDPOINTS; default: the local cluster)")
    .option("--messages", "also every protocol message sent and received")
    .option("--json", "print events as JSON lines")
    .action(watchAll);
}

async function watchAll(options: EventsOptions): Promise<void> {
  const { findEndpoints } = await import("../client/endpoints.ts");
  await Promise.all(findEndpoints(options.endpoints, process.env).map((endpoint) => watch(endpoint, options)));
  throw new CommandFailure(exitCode.unavailable, "no node is left to watch");
}

async function watch(endpoint: string, { messages, json }: EventsOptions): Promise<void> {
  const name = new URL(endpoint).host;
  try {
    const response = await fetch(`${endpoint}/events${messages ? "?messages=1" : ""}`);
    if (response.status !== 200) return note(`${name} answered ${response.status}`);
    for await (const { kind, data } of eventsOf(response)) {
      say(
        json
          ? `{"endpoint":${JSON.stringify(endpoint)},"event":${JSON.stringify(kind)},"data":${data}}`
          : `${name} ${kind} ${data}`,
      );
    }
    note(`${name} ended the stream`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // how fetch reports what the network did
    note(`${name}: ${error.cause instanceof Error ? error.cause.message : error.message}`);
  }
}

/** Reads server-sent events of one line of data each; comments keep the connection alive. */
async function* eventsOf(response: Response): AsyncGenerator<{ readonly kind: string; readonly data: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    if (rest.length > eventLengthMax) throw new CommandFailure(exitCode.failed, "an event is too long");
    for (const block of blocks) {
      const kind = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (kind !== undefined && data !== undefined) yield { kind, data };
    }
  }
}
