import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Role } from "../../runtime/api.ts";
import type { FaultRule } from "../../runtime/transports/faults.ts";
import { exitCode } from "../exit.ts";

/** What a supervised node reports of itself. */
export type ChildEvent =
  | { readonly kind: "role"; readonly role: Role; readonly term: number }
  | { readonly kind: "leader"; readonly leader?: string | undefined; readonly term: number }
  /** It committed for the first time since it began to lead, or could. */
  | { readonly kind: "commit"; readonly index: number };

/** What a supervised node sends to its supervisor. */
export type ChildMessage =
  | { readonly kind: "ready"; readonly url: string }
  /** It takes no part in the cluster any more, and ends. */
  | { readonly kind: "removed" }
  | { readonly kind: "event"; readonly event: ChildEvent };

/** What a supervisor sends: once at the start, before the node opens, and at each change. */
export interface SupervisorMessage {
  readonly kind: "faults";
  readonly rules: readonly FaultRule[];
}

/** `starting`: the process runs, and does not serve yet. `down`: there is no process. */
export type ChildState = "starting" | "up" | "paused" | "down";

/** How a process ended; `restartMs` is when the next one starts, none if it stays down. */
export interface ChildExit {
  readonly how: string;
  readonly asked: boolean;
  readonly restartMs: number | undefined;
}

/** Who is told what becomes of a node's process. */
export interface ChildOwner {
  ready(id: string): void;
  event(id: string, event: ChildEvent): void;
  exited(id: string, exit: ChildExit): void;
  /** The faults that a starting node must begin with. */
  faultsOf(id: string): readonly FaultRule[];
}

/** How long a node may take to end by itself before it is killed, in ms. */
const stopMsMax = 6000;
/** Wait before a crashed node is started again, in ms: doubles from least to most, begins anew after a good run. */
const restartMs = { least: 250, most: 10_000, goodRun: 10_000 };
/** Starting again changes nothing about these: wrong options, a bug, a damaged disk. */
const lastingExits: readonly (number | null)[] = [exitCode.usage, exitCode.bug, exitCode.disk];

/** The process of one node: started in a group of its own, and again when it crashes; stays down once asked to. */
export class Child {
  readonly id: string;
  readonly logFile: string;
  readonly #command: readonly string[];
  readonly #owner: ChildOwner;
  #process: ChildProcess | undefined;
  #state: ChildState = "down";
  #asked = false;
  /** Whether this process has reported to be ready. */
  #served = false;
  #crashes = 0;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;

  /** `command` is the program and all its arguments; the process inherits the environment. */
  constructor(id: string, command: readonly string[], logFile: string, owner: ChildOwner) {
    this.id = id;
    this.logFile = logFile;
    this.#command = command;
    this.#owner = owner;
  }

  get state(): ChildState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process, unless it runs. */
  start(): void {
    clearTimeout(this.#restart);
    if (this.#process !== undefined) return;
    const [program = "", ...rest] = this.#command;
    const log = openSync(this.logFile, "a"); // handed over as it is: what a node says last is kept though we are gone
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("QUORATE_")));
    const child = spawn(program, rest, { stdio: ["ignore", log, log, "ipc"], detached: true, env });
    closeSync(log);
    this.#process = child;
    this.#state = "starting";
    this.#asked = false;
    this.#served = false;
    this.#startedAt = performance.now();
    child.on("message", (message) => this.#receive(message as ChildMessage));
    child.once("exit", (code, signal) => this.#exited(child, code, signal === null ? `exit code ${code}` : signal));
    child.on("error", (error) => {
      if (child.pid === undefined) this.#exited(child, null, error.message);
    });
    this.tell({ kind: "faults", rules: this.#owner.faultsOf(this.id) });
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Lets the process end by itself, within 6 seconds. */
  async stop(): Promise<void> {
    if (this.#state === "paused") this.resume();
    const lastResort = setTimeout(() => this.#process?.kill("SIGKILL"), stopMsMax);
    await this.#end("SIGTERM");
    clearTimeout(lastResort);
  }

  /** Freezes the process; it keeps its connections and says nothing. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
    this.#state = "paused";
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
    this.#state = this.#served ? "up" : "starting";
  }

  /** Sends a message, if there is somebody to receive it. */
  tell(message: SupervisorMessage): void {
    // A process that ends meanwhile is reported by its exit.
    if (this.#process?.connected) this.#process.send(message, () => undefined);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    clearTimeout(this.#restart);
    this.#asked = true;
    const child = this.#process;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  #receive(message: ChildMessage): void {
    if (message.kind === "event") this.#owner.event(this.id, message.event);
    else if (message.kind === "removed") this.#asked = true;
    else {
      this.#served = true;
      if (this.#state === "starting") this.#state = "up";
      this.#owner.ready(this.id);
    }
  }

  #exited(child: ChildProcess, code: number | null, how: string): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    this.#state = "down";
    const stays = this.#asked || lastingExits.includes(code);
    if (performance.now() - this.#startedAt > restartMs.goodRun) this.#crashes = 0;
    const waitMs = Math.min(restartMs.least * 2 ** this.#crashes, restartMs.most);
    if (!stays) {
      this.#crashes++;
      this.#restart = setTimeout(() => this.start(), waitMs);
    }
    this.#owner.exited(this.id, { how, asked: this.#asked, restartMs: stays ? undefined : waitMs });
  }
}
