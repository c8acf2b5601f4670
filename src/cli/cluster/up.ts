import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { measureSyncRate } from "../disk.ts";
import { CommandFailure, type ExitCode, exitCode } from "../exit.ts";
import { note, type Paint, painter, say } from "../terminal.ts";
import { type ClusterFile, dataDirectory, logFile, readClusterFile, writeClusterFile } from "./cluster-file.ts";
import { type ControlAnswer, type ControlRequest, controlPath, isAnswered, serveControl } from "./control.ts";
import { readKeys } from "./keys.ts";
import { followLog, lastLines, logPrinter } from "./logs.ts";
import { awaitOrphans } from "./orphans.ts";
import { choosePorts, firstTaken, type NodePorts } from "./ports.ts";
import { eventText, keysHelp, readyScreen, statusTable } from "./screen.ts";
import { type ClusterEvent, Supervisor } from "./supervisor.ts";

/** What `cluster up` was asked for. */
export interface UpOptions {
  readonly directory: string;
  /** Default: as many as the directory holds already, or 3. */
  readonly nodes: number | undefined;
  readonly portBase: number | undefined;
  readonly strictPorts: boolean;
  readonly logs: boolean;
  /** Events as JSON lines, and no keys. */
  readonly json: boolean;
  /** The program and first arguments that run a node; its settings follow. */
  readonly serve: readonly string[];
  /** How this program is called here, for lines to paste. */
  readonly program: string;
}

const diskMeasureMs = 150;

/** Runs a local cluster until it is told to stop; resolves with the exit code. */
export async function up(options: UpOptions): Promise<ExitCode> {
  const startedAt = performance.now();
  const directory = resolve(options.directory);
  mkdirSync(join(directory, "logs"), { recursive: true });
  const control = controlPath(directory);
  await refuseSecond(directory, control, options);
  const layout = await layOut(directory, options);
  const resumed = layout.nodes.some(({ id }) => existsSync(dataDirectory(directory, id)));
  const disk = await measureSyncRate(directory, diskMeasureMs);
  const run = new Run(options, directory, layout, { startedAt, resumed, disk });
  const server = await serveControl(control, (request) => run.answer(request));
  try {
    run.start(control);
    await run.ended;
  } finally {
    server.close();
  }
  return exitCode.yes;
}

async function refuseSecond(directory: string, control: string, { program }: UpOptions): Promise<void> {
  if (!(await isAnswered(control))) return;
  const file = readClusterFile(directory);
  const urls = file?.nodes.map(({ http }) => `http://127.0.0.1:${http}`).join(" ");
  const text = `${directory} has a running cluster already (pid ${file?.running?.pid}): ${urls}\n  see it: ${program} cluster status`;
  throw new CommandFailure(exitCode.failed, text);
}

/** The nodes and their ports: as they were when they are free, since members remember each other's addresses. */
async function layOut(directory: string, { nodes: count, portBase, strictPorts, program }: UpOptions): Promise<ClusterFile> {
  const file = readClusterFile(directory);
  if (file?.running !== undefined && !(await awaitOrphans(file.running.children))) {
    throw new CommandFailure(exitCode.failed, `processes of an earlier cluster do not end: ${file.running.children.join(", ")}`);
  }
  const before = file?.nodes;
  if (before !== undefined && count !== undefined && count !== before.length) {
    const advice = `leave --nodes out, or begin anew: ${program} cluster down --wipe`;
    throw new CommandFailure(exitCode.usage, `${directory} holds a cluster of ${before.length} nodes, not ${count}; ${advice}`);
  }
  const clusterId = file?.clusterId ?? `local-${randomBytes(6).toString("hex")}`;
  const taken = before && (await firstTaken(before.flatMap(({ http, peer }) => [http, peer])));
  if (before !== undefined && taken === undefined && portBase === undefined) return { version: 1, clusterId, nodes: before };
  if (taken !== undefined && strictPorts) throw new CommandFailure(exitCode.usage, `port ${taken} is taken`);
  const { nodes, moved } = await choosePorts(before?.length ?? count ?? 3, portBase, strictPorts);
  const cause = taken ?? moved;
  if (cause !== undefined) note(`port ${cause} is taken: all ports moved, HTTP is on ${nodes.map(({ http }) => http).join(", ")}`);
  return { version: 1, clusterId, nodes };
}

interface Start {
  readonly startedAt: number;
  readonly resumed: boolean;
  readonly disk: Awaited<ReturnType<typeof measureSyncRate>>;
}

/** One run of a cluster: what is shown, and what keys and signals do. */
class Run {
  /** Resolves once all nodes have ended. */
  readonly ended: Promise<void>;
  readonly #options: UpOptions;
  readonly #directory: string;
  readonly #layout: ClusterFile;
  readonly #facts: Start;
  readonly #paint: Paint;
  readonly #supervisor: Supervisor;
  readonly #pending: Set<string>;
  #first: Extract<ClusterEvent, { kind: "leader" }> | undefined;
  #shown = false;
  #stopping: Promise<void> | undefined;
  #logging: AbortController | undefined;
  #finish: () => void = () => undefined;

  constructor(options: UpOptions, directory: string, layout: ClusterFile, facts: Start) {
    this.#options = options;
    this.#directory = directory;
    this.#layout = layout;
    this.#facts = facts;
    this.#paint = painter(process.stdout, process.env);
    this.#pending = new Set(layout.nodes.map(({ id }) => id));
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#supervisor = new Supervisor({
      nodes: layout.nodes,
      command: (node) => [...options.serve, ...settingsOf(node, layout, directory)],
      logFile: (id) => logFile(directory, id),
      announce: (event) => this.#announce(event),
      changed: (children) => this.#remember(children),
    });
  }

  start(control: string): void {
    this.#control = control;
    this.#supervisor.start();
    if (this.#options.logs) this.#toggleLogs();
    const stopReading = this.#options.json ? () => undefined : readKeys(process.stdin, (key) => this.#press(key));
    const stop = (): void => this.#stop();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    void this.ended.then(() => {
      stopReading();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, stop);
    });
  }

  async answer(request: ControlRequest): Promise<ControlAnswer> {
    if (request.command === "status") return { ok: true, message: "", status: await this.#supervisor.status() };
    if (request.command !== "down") return this.#supervisor.answer(request);
    if (this.#stopping === undefined) this.#stop();
    await this.#stopping;
    return { ok: true, message: "stopped" };
  }

  #control = "";

  /** The first time lets the nodes end by themselves, the second kills them. */
  #stop(): void {
    const manner = this.#stopping === undefined ? "graceful" : "at once";
    if (manner === "graceful") this.#print("stopping");
    this.#stopping = this.#supervisor.close(manner).then(() => {
      this.#logging?.abort();
      writeClusterFile(this.#directory, this.#layout);
      this.#finish();
    });
  }

  #remember(children: number[]): void {
    const running = { pid: process.pid, control: this.#control, children };
    writeClusterFile(this.#directory, { ...this.#layout, running });
  }

  #announce(event: ClusterEvent): void {
    if (event.kind === "started" || event.kind === "exit") this.#pending.delete(event.node);
    if (event.kind === "leader") this.#first ??= event;
    if (this.#options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    const isFirst = !this.#shown && event === this.#first;
    const text = eventText(event, this.#paint);
    if (text !== undefined && !isFirst && !(event.kind === "exit" && this.#stopping)) this.#print(text);
    if (!this.#shown && this.#first !== undefined && this.#pending.size === 0) {
      this.#shown = true;
      void this.#showReady(this.#first);
    }
  }

  async #showReady({ node, term }: { readonly node: string; readonly term: number }): Promise<void> {
    const readyMs = performance.now() - this.#facts.startedAt;
    const status = await this.#supervisor.status();
    const entries = Math.max(...status.nodes.map(({ commit }) => commit ?? 0));
    const facts = {
      status,
      leader: node,
      term,
      readyMs,
      disk: this.#facts.disk,
      directory: this.#directory,
      resumedEntries: this.#facts.resumed ? entries : undefined,
      program: this.#options.program,
      keys: process.stdin.isTTY,
    };
    if (this.#options.json) process.stdout.write(`${JSON.stringify({ kind: "ready", ...facts })}\n`);
    this.#print(readyScreen(facts, this.#paint));
  }

  #print(text: string): void {
    if (!this.#options.json) say(text);
  }

  #press(key: string): void {
    const leader = this.#supervisor.leader;
    if (key === "q") this.#stop();
    else if (key === "l") this.#toggleLogs();
    else if (key === "s") void this.#supervisor.status().then((status) => this.#print(statusTable(status)));
    else if (key === "r") this.#supervisor.start();
    else if (key === "k" && leader !== undefined) void this.#supervisor.answer({ command: "kill", node: leader });
    else this.#print(key === "k" ? "nobody leads at present" : `Keys: ${keysHelp}`);
  }

  #toggleLogs(): void {
    if (this.#logging !== undefined) {
      this.#logging.abort();
      this.#logging = undefined;
      return;
    }
    const logging = new AbortController();
    this.#logging = logging;
    void showLogs(this.#directory, this.#layout.nodes.map(({ id }) => id), 0, logging.signal);
  }
}

/** Prints the last lines of these nodes' logs, and those that come until the signal (none: returns at once). */
export async function showLogs(
  directory: string,
  ids: readonly string[],
  count: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const print = await logPrinter(painter(process.stdout, process.env)("red", "x") !== "x");
  await Promise.all(
    ids.map(async (id) => {
      const { lines, offset } = await lastLines(logFile(directory, id), count);
      for (const line of lines) say(print(id, line));
      if (signal === undefined) return;
      for await (const line of followLog(logFile(directory, id), offset, signal)) say(print(id, line));
    }),
  );
}

function settingsOf(node: NodePorts, { nodes, clusterId }: ClusterFile, directory: string): string[] {
  const members = nodes.map(({ id, peer }) => `${id}=127.0.0.1:${peer}`).join(",");
  const data = relative(process.cwd(), dataDirectory(directory, node.id));
  return ["--supervised", "--id", node.id, "--cluster", members, "--cluster-id", clusterId, "--port", String(node.http), "--data-dir", data];
}
