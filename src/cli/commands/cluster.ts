import { existsSync } from "node:fs";
import { Command } from "commander";
import type { Action, ControlAnswer, ControlRequest, NodeCommand } from "../cluster/control.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration, parseWhole } from "../quantities.ts";
import { note, program, programName, say } from "../terminal.ts";

/** What every `cluster` command takes. */
interface Place {
  readonly dir: string;
  readonly json?: boolean;
}

const nodeCommands: Readonly<Record<NodeCommand, string>> = {
  stop: "let a node end by itself; it stays down until start",
  kill: "end a node at once (SIGKILL); it stays down until start",
  start: "start a node that is down",
  restart: "stop a node, and start it again",
  pause: "freeze a node: it keeps its connections and says nothing (SIGSTOP)",
  resume: "let a paused node go on",
};

/** `quorate cluster`: a local cluster for development. */
export function clusterCommand(): Command {
  const cluster = new Command("cluster")
    .summary("a local cluster: up, status, kill, cut, delay, heal, logs, down, …")
    .description("Runs a cluster on this machine, and disturbs it from another terminal.");
  cluster.addCommand(
    at("up", "run the nodes in the foreground, and restart those that crash")
      .option("--nodes <count>", "how many, 1 to 9 (default: what the directory holds, or 3)")
      .option("--port-base <port>", "use one block of ports from here on (default: HTTP on 12380, 22380, 32380, …)")
      .option(
        "--storage <name>",
        "of the nodes: wal, lmdb, or memory, which forgets all (default: what they hold, or wal)",
      )
      .option("--strict-ports", "refuse when a port is taken, instead of moving the whole set")
      .option("--tls", "encrypt everything, with certificates made in the directory; for good")
      .option("--transport <name>", "how nodes are linked: tcp, grpc, udp (default: as before, or tcp)")
      .option("--protocol <name>", "what keeps the order: raft, multi-paxos (default: as before, or raft)")
      .option("--logs", "stream the logs of all nodes")
      .option("--json", "print events as JSON lines")
      .action(up),
  );
  cluster.addCommand(
    at("status", "print every node's state, and the faults in force").option("--json", "as JSON").action(status),
  );
  for (const [name, description] of Object.entries(nodeCommands)) {
    const command = at(`${name} <node>`, description);
    cluster.addCommand(
      command.action((node: string, place: Place) => act({ command: name as NodeCommand, node }, place)),
    );
  }
  cluster.addCommand(at("cut <link...>", "let nothing through: n1 n2 (both directions), or n1:n2 (one)").action(cut));
  cluster.addCommand(at("delay <link...>", "let everything through later: n1 n2 300ms, or n1:n2 300ms").action(delay));
  cluster.addCommand(at("heal [link...]", "end the faults of a link, or all").action(heal));
  cluster.addCommand(
    at("logs [node]", "print the end of the logs of one node, or of all")
      .option("--lines <count>", "how many lines of each", "100")
      .option("-f, --follow", "go on with what is added")
      .action(logs),
  );
  cluster.addCommand(
    at("down", "stop all nodes").option("--wipe", "and delete their data, logs and the cluster's file").action(down),
  );
  return cluster;
}

function at(usage: string, description: string): Command {
  const [name = "", ...given] = usage.split(" ");
  const command = new Command(name)
    .description(description)
    .option("--dir <path>", "the cluster's directory", ".quorate");
  for (const argument of given) command.argument(argument);
  return command;
}

async function up(options: {
  dir: string;
  nodes?: string;
  portBase?: string;
  storage?: string;
  strictPorts?: boolean;
  tls?: boolean;
  transport?: string;
  protocol?: string;
  logs?: boolean;
  json?: boolean;
}): Promise<void> {
  const [{ up: run }, { parseLogProtocol, parseStorage }] = await Promise.all([
    import("../cluster/up.ts"),
    import("../settings.ts"),
  ]);
  process.exitCode = await run({
    directory: options.dir,
    nodes: parseWhole(options.nodes, "--nodes", 1, 9),
    portBase: parseWhole(options.portBase, "--port-base", 1, 65_535),
    storage: options.storage === undefined ? undefined : parseStorage(options.storage, "--storage"),
    strictPorts: options.strictPorts === true,
    tls: options.tls === true,
    transport: options.transport,
    protocol: options.protocol === undefined ? undefined : parseLogProtocol(options.protocol, "--protocol"),
    logs: options.logs === true,
    json: options.json === true,
    serve: [process.execPath, program, "serve"],
    program: programName(),
  });
}

async function status({ dir, json }: Place): Promise<void> {
  const answer = await ask({ command: "status" }, dir);
  const { statusTable } = await import("../cluster/screen.ts");
  if (!answer.ok || answer.status === undefined) throw failure(answer);
  say(json ? JSON.stringify(answer.status) : statusTable(answer.status));
}

async function act(action: Action, { dir }: Place): Promise<void> {
  const answer = await ask(action, dir);
  if (!answer.ok) throw failure(answer);
  note(answer.message);
}

async function cut(link: string[], place: Place): Promise<void> {
  const { parseWays } = await import("../cluster/faults.ts");
  return act({ command: "cut", ways: parseWays(link) }, place);
}

async function delay(words: string[], place: Place): Promise<void> {
  const { parseWays, delayMsMax } = await import("../cluster/faults.ts");
  const delayMs = parseDuration(words.at(-1) ?? "", "the delay", delayMsMax);
  return act({ command: "delay", ways: parseWays(words.slice(0, -1)), delayMs }, place);
}

async function heal(link: string[], place: Place): Promise<void> {
  const { parseWays } = await import("../cluster/faults.ts");
  return act(link.length === 0 ? { command: "heal" } : { command: "heal", ways: parseWays(link) }, place);
}

async function logs(node: string | undefined, options: Place & { lines: string; follow?: boolean }): Promise<void> {
  const { readClusterFile } = await import("../cluster/cluster-file.ts");
  const { showLogs } = await import("../cluster/logs.ts");
  const ids = readClusterFile(options.dir)?.nodes.map(({ id }) => id);
  if (ids === undefined) throw noCluster(options.dir);
  if (node !== undefined && !ids.includes(node)) {
    throw new CommandFailure(exitCode.usage, `there is no node ${node} here; the nodes are ${ids.join(", ")}`);
  }
  const count = parseWhole(options.lines, "--lines", 0, 1_000_000) ?? 0;
  const signal = options.follow ? new AbortController().signal : undefined; // ends with the process
  await showLogs(options.dir, node === undefined ? ids : [node], count, signal);
}

async function down({ dir, wipe }: Place & { wipe?: boolean }): Promise<void> {
  const { askControl, controlPath } = await import("../cluster/control.ts");
  const { readClusterFile, wipe: wipeDirectory } = await import("../cluster/cluster-file.ts");
  const { awaitOrphans } = await import("../orphans.ts");
  const answer = existsSync(dir) ? await askControl(controlPath(dir), { command: "down" }) : undefined;
  if (answer !== undefined && !answer.ok) throw failure(answer);
  const left = existsSync(dir) ? readClusterFile(dir)?.running?.children : undefined;
  if (left !== undefined && !(await awaitOrphans(left))) {
    throw new CommandFailure(exitCode.failed, `processes of an earlier cluster do not end: ${left.join(", ")}`);
  }
  note(answer === undefined ? "no cluster runs here" : "stopped");
  if (!wipe) return;
  wipeDirectory(dir);
  note(`wiped ${dir}`);
}

/** Asks the supervisor of `dir`; that there is none is a failure. */
async function ask(request: ControlRequest, dir: string): Promise<ControlAnswer> {
  const { askControl, controlPath } = await import("../cluster/control.ts");
  const answer = existsSync(dir) ? await askControl(controlPath(dir), request) : undefined;
  if (answer === undefined) throw noCluster(dir);
  return answer;
}

function noCluster(dir: string): CommandFailure {
  return new CommandFailure(exitCode.failed, `no cluster runs in ${dir}; start one: ${programName()} cluster up`);
}

function failure(answer: ControlAnswer): CommandFailure {
  return new CommandFailure(answer.ok ? exitCode.failed : answer.exit, answer.message);
}
