import type { FaultRule } from "../../runtime/transports/faults.ts";
import { NetworkError, open, readText, type Trust } from "../client/http.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { Child, type ChildEvent, type ChildExit, type ChildOwner } from "./child.ts";
import { urlOf } from "./cluster-file.ts";
import type { Action, ClusterStatus, ControlAnswer, NodeCommand, NodeRow } from "./control.ts";
import { Faults, type Way } from "./faults.ts";
import { type LeaderChange, LeaderWatch } from "./leader-watch.ts";
import { trimLog } from "./logs.ts";
import type { NodePorts } from "./ports.ts";
import { explainWaiting, type NodeAnswer, type NodeView } from "./waiting.ts";

/** What a running cluster tells whoever watches it. */
export type ClusterEvent =
  | ({ readonly kind: "leader" } & LeaderChange)
  | ({ readonly kind: "exit"; readonly node: string } & ChildExit)
  | { readonly kind: "started"; readonly node: string }
  /** Nobody leads for 10 seconds; each line says who waits for whom. */
  | { readonly kind: "waiting"; readonly waitedMs: number; readonly lines: readonly string[] };

/** A local cluster: which nodes, how to run one, and who is told. */
export interface SupervisorOptions {
  readonly nodes: readonly NodePorts[];
  /** How to ask nodes over HTTP. */
  readonly ask: { readonly tls: boolean; readonly trust: Trust };
  /** The program and arguments that run this node in the foreground. */
  readonly command: (node: NodePorts) => readonly string[];
  readonly logFile: (id: string) => string;
  readonly announce: (event: ClusterEvent) => void;
  /** Called when processes came or went. */
  readonly changed: (pids: number[]) => void;
  /** Default 10000. */
  readonly explainAfterMs?: number;
}

const trimEveryMs = 5000;
const askMsMax = 700;
const answerBytesMax = 1024 * 1024;

/** Runs the nodes of a local cluster as child processes, and does to them what it is asked. */
export class Supervisor implements ChildOwner {
  readonly #options: SupervisorOptions;
  readonly #children: ReadonlyMap<string, Child>;
  readonly #faults = new Faults();
  readonly #watch = new LeaderWatch();
  readonly #trimming: NodeJS.Timeout;
  #explaining: NodeJS.Timeout | undefined;
  #closing = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#children = new Map(
      options.nodes.map((node) => [node.id, new Child(node.id, options.command(node), options.logFile(node.id), this)]),
    );
    this.#trimming = setInterval(() => {
      for (const { logFile } of this.#children.values()) trimLog(logFile);
    }, trimEveryMs);
  }

  /** Who leads and can commit, as far as known here. */
  get leader(): string | undefined {
    return this.#watch.leader;
  }

  /** Starts every node that does not run. */
  start(): void {
    for (const child of this.#children.values()) child.start();
    this.#options.changed(this.#pids());
    this.#awaitLeader();
  }

  /** Does what another terminal, or a key, asks; one after the other. What is so already is a success. */
  answer(action: Action): Promise<ControlAnswer> {
    const done = this.#turn.then(() => this.#carryOut(action));
    this.#turn = done.catch(() => undefined); // the caller hears of it; the next one goes on
    return done;
  }

  async status(): Promise<ClusterStatus> {
    const views = await this.#views(false);
    const nodes = this.#options.nodes.map(({ id, http, peer }, place): NodeRow => {
      const pid = this.#child(id).pid;
      const { role, term, leader, commit, applied } = views[place]?.answer ?? {};
      return {
        id,
        state: this.#child(id).state,
        ...(role === undefined ? {} : { role, term, commit, applied }),
        ...(leader ? { leader } : {}),
        ...(pid === undefined ? {} : { pid }),
        http,
        peer,
      } as NodeRow;
    });
    return { nodes, faults: this.#faults.describe() };
  }

  /** Stops all nodes gracefully; with `at once` kills them. */
  async close(manner: "graceful" | "at once"): Promise<void> {
    this.#closing = true;
    clearInterval(this.#trimming);
    clearTimeout(this.#explaining);
    await Promise.all(
      [...this.#children.values()].map((child) => (manner === "graceful" ? child.stop() : child.kill())),
    );
  }

  ready(id: string): void {
    this.#options.changed(this.#pids());
    this.#options.announce({ kind: "started", node: id });
  }

  event(id: string, event: ChildEvent): void {
    const now = performance.now();
    if (event.kind === "role") {
      if (event.role === "leader") this.#watch.elected(id, event.term);
      else this.#watch.gone(id, now);
    } else if (event.kind === "leader") {
      if (event.leader === undefined) this.#watch.missed(id, now);
      else if (event.leader !== id) this.#watch.follows(id); // its own lead counts once it commits
    } else {
      const change = this.#watch.committed(id, now);
      if (change !== undefined) this.#options.announce({ kind: "leader", ...change });
    }
    this.#awaitLeader();
  }

  exited(id: string, exit: ChildExit): void {
    this.#watch.gone(id, performance.now());
    this.#options.announce({ kind: "exit", node: id, ...exit });
    this.#options.changed(this.#pids());
    this.#awaitLeader();
  }

  faultsOf(id: string): readonly FaultRule[] {
    return this.#faults.rulesOf(id);
  }

  async #carryOut(action: Action): Promise<ControlAnswer> {
    switch (action.command) {
      case "cut":
        return this.#disturb(action.ways, () => this.#faults.cut(action.ways));
      case "delay":
        return this.#disturb(action.ways, () => this.#faults.delay(action.ways, action.delayMs));
      case "heal":
        return this.#disturb(action.ways ?? [], () => this.#faults.heal(action.ways));
      default:
        return { ok: true, message: `${action.node} ${await this.#act(action.command, this.#child(action.node))}` };
    }
  }

  /** Brings one node into the state asked for, and says in words what was done. */
  async #act(command: NodeCommand, child: Child): Promise<string> {
    const { state } = child;
    switch (command) {
      case "stop":
      case "kill":
        await (command === "stop" ? child.stop() : child.kill());
        return state === "down" ? "is down already, and stays so" : command === "stop" ? "stopped" : "killed";
      case "start":
      case "restart":
        if (command === "restart") await child.stop();
        else if (state !== "down") return "runs already";
        child.start();
        this.#options.changed(this.#pids());
        return command === "restart" ? "restarted" : "started";
      case "pause":
        if (state === "down") throw new CommandFailure(exitCode.failed, `${child.id} is down: start it first`);
        if (state === "paused") return "is paused already";
        child.pause();
        this.#watch.gone(child.id, performance.now());
        this.#awaitLeader();
        return "paused";
      case "resume":
        if (state !== "paused") return state === "down" ? "is down, not paused" : "runs already";
        child.resume();
        this.#watch.resumed(child.id);
        this.#awaitLeader();
        return "resumed";
    }
  }

  #disturb(ways: readonly Way[], change: () => void): ControlAnswer {
    for (const { from, to } of ways) {
      this.#child(from);
      this.#child(to);
      if (from === to) throw new CommandFailure(exitCode.usage, `${from} has no link to itself`);
    }
    change();
    for (const child of this.#children.values()) child.tell({ kind: "faults", rules: this.faultsOf(child.id) });
    const faults = this.#faults.describe();
    return { ok: true, message: faults.length === 0 ? "no faults on any link" : `faults now: ${faults.join(", ")}` };
  }

  #child(id: string): Child {
    const child = this.#children.get(id);
    if (child !== undefined) return child;
    throw new CommandFailure(
      exitCode.usage,
      `there is no node ${id} here; the nodes are ${[...this.#children.keys()].join(", ")}`,
    );
  }

  #pids(): number[] {
    return [...this.#children.values()].flatMap(({ pid }) => pid ?? []);
  }

  /** Keeps the explanation coming after 10 seconds without a leader, once for each loss. */
  #awaitLeader(): void {
    if (this.leader !== undefined || this.#closing) {
      clearTimeout(this.#explaining);
      this.#explaining = undefined;
      return;
    }
    const waitedMs = this.#options.explainAfterMs ?? 10_000;
    this.#explaining ??= setTimeout(async () => {
      const lines = explainWaiting(await this.#views(true));
      if (this.leader === undefined) this.#options.announce({ kind: "waiting", waitedMs, lines });
    }, waitedMs);
  }

  #views(withReasons: boolean): Promise<NodeView[]> {
    return Promise.all(
      this.#options.nodes.map(async ({ id, http }): Promise<NodeView> => {
        const { state } = this.#child(id);
        if (state !== "up") return { id, state };
        const [answer, health] = await Promise.all([
          this.#askNode(http, "/status") as Promise<NodeAnswer | undefined>,
          withReasons ? (this.#askNode(http, "/health") as Promise<{ reason?: string } | undefined>) : undefined,
        ]);
        return { id, state, answer, reason: health?.reason };
      }),
    );
  }

  /** What a node of this cluster answers, whatever the status; undefined when it does not in time. */
  async #askNode(port: number, path: string): Promise<object | undefined> {
    const { tls, trust } = this.#options.ask;
    try {
      const reply = await open(new URL(path, urlOf(port, tls)), { trust, signal: AbortSignal.timeout(askMsMax) });
      return JSON.parse(await readText(reply, answerBytesMax)) as object;
    } catch (error) {
      if (error instanceof NetworkError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}
