import { join, relative } from "node:path";
import { clientTrust } from "../client/endpoints.ts";
import type { SyncRate } from "../disk.ts";
import type { StorageName } from "../settings.ts";
import { type Paint, painter, say } from "../terminal.ts";
import { type ClusterFile, certificatesDirectory, dataDirectory, logFile, writeClusterFile } from "./cluster-file.ts";
import type { ControlAnswer, ControlRequest } from "./control.ts";
import { showLogs } from "./logs.ts";
import type { NodePorts } from "./ports.ts";
import { eventText, keysHelp, readKeys, readyScreen, statusTable } from "./screen.ts";
import { type ClusterEvent, Supervisor } from "./supervisor.ts";

/** What a run shows and how it runs nodes. */
export interface RunOptions {
  readonly directory: string;
  readonly logs: boolean;
  /** Of the nodes; by default what each holds. */
  readonly storage: StorageName | undefined;
  /** Events as JSON lines, and no keys. */
  readonly json: boolean;
  /** The program and first arguments that run a node; its settings follow. */
  readonly serve: readonly string[];
  /** How this program is called here, for lines to paste. */
  readonly program: string;
}

/** What is known when a run begins. */
export interface RunFacts {
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** Whether there is data from before. */
  readonly resumed: boolean;
  readonly disk: SyncRate;
  /** The socket on which other terminals ask. */
  readonly control: string;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** One run of a cluster: what is shown, and what keys and signals do. */
export class Run {
  /** Resolves once all nodes have ended. */
  readonly ended: Promise<void>;
  readonly #options: RunOptions;
  readonly #layout: ClusterFile;
  readonly #facts: RunFacts;
  readonly #paint: Paint;
  readonly #supervisor: Supervisor;
  readonly #pending: Set<string>;
  #first: Extract<ClusterEvent, { kind: "leader" }> | undefined;
  #shown = false;
  #stopping: Promise<void> | undefined;
  #logging: AbortController | undefined;
  #finish: () => void = () => undefined;

  constructor(options: RunOptions, layout: ClusterFile, facts: RunFacts) {
    this.#options = options;
    this.#layout = layout;
    this.#facts = facts;
    this.#paint = painter(process.stdout, process.env);
    this.#pending = new Set(layout.nodes.map(({ id }) => id));
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#supervisor = new Supervisor({
      nodes: layout.nodes,
      ask: layout.tls
        ? { tls: true, trust: clientTrust(certificatesDirectory(options.directory)) }
        : { tls: false, trust: {} },
      command: (node) => [...options.serve, ...settingsOf(node, layout, options)],
      logFile: (id) => logFile(options.directory, id),
      announce: (event) => this.#announce(event),
      changed: (children) => this.#remember(children),
    });
  }

  /** Starts the nodes, and takes keys and signals until all have ended. */
  start(): void {
    this.#supervisor.start();
    if (this.#options.logs) this.#toggleLogs();
    const stopReading = this.#options.json ? () => undefined : readKeys(process.stdin, (key) => this.#press(key));
    const stop = (): void => this.#stop();
    for (const signal of stopSignals) process.on(signal, stop);
    void this.ended.then(() => {
      stopReading();
      for (const signal of stopSignals) process.off(signal, stop);
    });
  }

  /** Answers another terminal; `down` once all nodes have ended. */
  async answer(request: ControlRequest): Promise<ControlAnswer> {
    if (request.command === "status") return { ok: true, message: "", status: await this.#supervisor.status() };
    if (request.command !== "down") return this.#supervisor.answer(request);
    if (this.#stopping === undefined) this.#stop();
    await this.#stopping;
    return { ok: true, message: "stopped" };
  }

  /** The first time lets the nodes end by themselves, the second kills them. */
  #stop(): void {
    const manner = this.#stopping === undefined ? "graceful" : "at once";
    if (manner === "graceful") this.#print("stopping");
    this.#stopping = this.#supervisor.close(manner).then(() => {
      this.#logging?.abort();
      writeClusterFile(this.#options.directory, this.#layout);
      this.#finish();
    });
  }

  #remember(children: number[]): void {
    const running = { pid: process.pid, control: this.#facts.control, children };
    writeClusterFile(this.#options.directory, { ...this.#layout, running });
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
      directory: this.#options.directory,
      resumedEntries: this.#facts.resumed ? entries : undefined,
      program: this.#options.program,
      keys: process.stdin.isTTY,
      curl: this.#layout.tls ? curlOptions(certificatesDirectory(this.#options.directory)) : "",
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
    void showLogs(
      this.#options.directory,
      this.#layout.nodes.map(({ id }) => id),
      0,
      logging.signal,
    );
  }
}

function curlOptions(certificates: string): string {
  const file = (name: string): string => relative(process.cwd(), join(certificates, name));
  return `--cacert ${file("ca.pem")} --cert ${file("client.pem")} --key ${file("client-key.pem")} `;
}

function settingsOf(node: NodePorts, layout: ClusterFile, { directory, storage }: RunOptions): string[] {
  const { nodes, clusterId, tls, transport = "tcp", protocol = "raft" } = layout;
  const members = nodes.map(({ id, peer }) => `${id}=127.0.0.1:${peer}`).join(",");
  const links = ["--transport", transport, "--protocol", protocol, "--cluster-id", clusterId];
  const place = ["--port", String(node.http), "--data-dir", dataDirectory(directory, node.id)];
  const certificates = tls ? certificatesOf(node.id, certificatesDirectory(directory)) : [];
  const kept = storage === undefined ? [] : ["--storage", storage];
  return ["--supervised", "--id", node.id, "--cluster", members, ...links, ...place, ...kept, ...certificates];
}

function certificatesOf(id: string, directory: string): string[] {
  const [cert, key, ca] = [`${id}.pem`, `${id}-key.pem`, "ca.pem"].map((name) => join(directory, name)) as string[];
  const own = ["--peer-cert", cert, "--peer-key", key, "--peer-ca", ca];
  return [...own, "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca] as string[];
}
