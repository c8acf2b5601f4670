import { Command } from "commander";
import { type EndpointOptions, withEndpoints } from "../client/endpoint-options.ts";
import type { Reply, Trust } from "../client/http.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { note, say } from "../terminal.ts";

/** Longest event that is read, in characters. */
const eventLengthMax = 4 * 1024 * 1024;

type Client = typeof import("../client/http.ts");

interface EventsOptions extends EndpointOptions {
  readonly messages?: boolean;
  readonly json?: boolean;
}

/** `quorate events`: what the nodes see, as it happens. */
export function eventsCommand(): Command {
  const command = new Command("events")
    .summary("watch elections, commits, links and messages as they happen")
    .description("Prints what the nodes see, until it is interrupted or no node is left.");
  return withEndpoints(command, "nodes to watch")
    .option("--messages", "also every protocol message sent and received")
    .option("--json", "print events as JSON lines")
    .action(watchAll);
}

async function watchAll(options: EventsOptions): Promise<void> {
  const [{ findServers }, client] = await Promise.all([import("../client/endpoints.ts"), import("../client/http.ts")]);
  const { endpoints, trust } = findServers(options, process.env);
  await Promise.all(endpoints.map((endpoint) => watch(endpoint, trust, client, options)));
  throw new CommandFailure(exitCode.unavailable, "no node is left to watch");
}

async function watch(endpoint: string, trust: Trust, client: Client, { messages, json }: EventsOptions): Promise<void> {
  const name = new URL(endpoint).host;
  try {
    const reply = await client.open(new URL(`${endpoint}/events${messages ? "?messages=1" : ""}`), { trust });
    if (reply.status !== 200) return note(`${name} answered ${reply.status}`);
    for await (const { kind, data } of eventsOf(reply)) {
      say(
        json
          ? `{"endpoint":${JSON.stringify(endpoint)},"event":${JSON.stringify(kind)},"data":${data}}`
          : `${name} ${kind} ${data}`,
      );
    }
    note(`${name} ended the stream`);
  } catch (error) {
    if (!(error instanceof client.NetworkError)) throw error;
    note(`${name}: ${error.message}`);
  }
}

/** Reads server-sent events of one line of data each; comments keep the connection alive. */
async function* eventsOf(reply: Reply): AsyncGenerator<{ readonly kind: string; readonly data: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of reply.body) {
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
