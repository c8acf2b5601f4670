import { Command } from "commander";
import type { ClientWords, ServerWords } from "./words.ts";

/** `quorate paxos`: a service that puts updates in order, by Multi-Paxos, and its client. */
export function paxosCommand(): Command {
  const server = withHosts(new Command("server"), "this server's certificate, naming its id, PEM")
    .summary("run one server")
    .description("Runs one server of the group until SIGINT or SIGTERM. All are alike, and may start in any order.")
    .option("-i, --id <number>", "which line of the hostfile this server is, from 0 (default: the one of this machine)")
    .option("--data-dir <path>", "where it keeps its data (default: ./.quorate/paxos/<id>)")
    .option("--listen <host:port>", "where to listen, if that is not what its line says")
    .option("-v, --verbose", "print every message and timeout")
    .action(async (words: ServerWords) => {
      const { runServer } = await import("./server.ts");
      process.exit(await runServer(words));
    });
  const client = withHosts(new Command("client"), "this client's certificate, PEM")
    .summary("have lines ordered")
    .description(
      "Has each line of its input ordered by one of the servers, and prints it with its number: `ordered <seq> <update>`." +
        " Ends with the input.",
    )
    .option("--timeout <duration>", "longest wait for one update's number", "60s")
    .addHelpText(
      "after",
      "\nExits with 0 when all were ordered, 2 when that is not known of one, 69 when no server answered.",
    )
    .action(async (words: ClientWords) => {
      const { runClient } = await import("./client.ts");
      process.exit(await runClient(words));
    });
  return new Command("paxos")
    .summary("order updates on a group of servers: server, client")
    .description(
      "A service that gives each update the next number, once, on a group of servers that agree by Multi-Paxos." +
        " A hostfile lists them: host or host:port on each line.",
    )
    .addCommand(server)
    .addCommand(client);
}

function withHosts(command: Command, certificate: string): Command {
  return command
    .helpOption("--help", "display help for command")
    .requiredOption("-h, --hostfile <file>", "the servers, a host[:port] on each line; the first has the id 0")
    .option("-p, --port <number>", "the port of lines that name none", "2346")
    .option("--peer-cert <file>", `encrypt: ${certificate}`)
    .option("--peer-key <file>", "its key, PEM")
    .option("--peer-ca <file>", "who signs certificates of servers and clients, PEM");
}
