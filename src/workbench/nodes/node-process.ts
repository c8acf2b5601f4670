import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, type WriteStream } from "node:fs";
import { LineSplitter } from "./lines.ts";
import { Tail } from "./tail.ts";

/** Most bytes that wait for a node that does not read; what comes then is lost. */
const unreadBytesMax = 64 * 2 ** 20;
/** Most bytes of stderr kept of one process. */
const logBytesMax = 256 * 2 ** 20;
/** How long the pipes of a process that has ended may stay open, in ms: others that it started may hold them. */
const drainMsMax = 500;

/** How a process ended. */
export interface NodeExit {
  /** Such as `ended by itself: exit code 1`, or that it could not be started. */
  readonly how: string;
  /** False if it could not be started. */
  readonly hasRun: boolean;
  /** Whether we ended it. */
  readonly asked: boolean;
  readonly stderr: string;
}

/** Who is told what a node does. */
export interface NodeOwner {
  line(id: string, line: string): void;
  /** A line that is too long, by its beginning. */
  endlessLine(id: string, start: string): void;
  logged(id: string, line: string): void;
  exited(id: string, exit: NodeExit): void;
}

/** Groups that must not outlive us. */
const running = new Set<number>();
process.on("exit", () => {
  for (const pid of running) signalGroup(pid, "SIGKILL");
});

/** The process of one node, in a process group of its own, with all that it starts. */
export class NodeProcess {
  readonly id: string;
  readonly #child: ChildProcess;
  readonly #owner: NodeOwner;
  readonly #log: WriteStream;
  readonly #tail = new Tail();
  readonly #ended: Promise<unknown>;
  #logBytes = 0;
  #waiting: string[] = [];
  #isAsked = false;
  #problem = "";

  /** `command` is a program and its arguments; no shell sees it. */
  constructor(id: string, command: readonly string[], logFile: string, owner: NodeOwner) {
    this.id = id;
    this.#owner = owner;
    const [program = "", ...rest] = command;
    this.#log = createWriteStream(logFile, { flags: "a" });
    this.#log.on("error", ({ message }) => this.#tail.push(`(from here on it is not in its log: ${message})`));
    this.#child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    const { pid, stdout, stderr, stdin } = this.#child;
    if (pid !== undefined) running.add(pid);
    this.#ended = once(this.#child, "close").catch(() => undefined); // why it failed to start comes with `error`
    const lines = new LineSplitter(
      (line) => owner.line(id, line),
      (start) => owner.endlessLine(id, start),
    );
    const logged = new LineSplitter(
      (line) => this.#keep(line),
      (start) => this.#keep(start),
    );
    stdout?.on("data", (bytes) => lines.push(bytes)).on("end", () => lines.end());
    stderr?.on("data", (bytes) => logged.push(bytes)).on("end", () => logged.end());
    stdin?.on("error", () => undefined); // it ended, which its exit tells
    this.#child.on("error", (error) => {
      if (pid !== undefined) return; // a signal came too late
      this.#problem = `could not be started: ${reasonOf(error, program)}`;
      this.#exit(null, null);
    });
    this.#child.once("exit", () => {
      if (pid === undefined) return;
      signalGroup(pid, "SIGKILL"); // what it started must not stay behind
      const drained = setTimeout(() => {
        stdout?.destroy();
        stderr?.destroy();
      }, drainMsMax);
      this.#child.once("close", (code, signal) => {
        clearTimeout(drained);
        running.delete(pid);
        this.#exit(code, signal);
      });
    });
  }

  /** Writes a line to the node's stdin; false if too much waits there already. */
  write(line: string): boolean {
    const { stdin } = this.#child;
    if (stdin === null || !stdin.writable || stdin.writableLength > unreadBytesMax) return false;
    this.#waiting.push(line);
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    return true;
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Ends the process and all that it started; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#isAsked ||= this.#isAlive();
    this.#signal("SIGKILL");
    if (this.#child.pid !== undefined) await this.#ended;
    await new Promise<void>((resolve) => this.#log.end(() => resolve()));
  }

  /** The last lines of its stderr. */
  stderr(): string {
    return this.#tail.text();
  }

  #flush(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#child.stdin?.write(`${lines.join("\n")}\n`);
  }

  #keep(line: string): void {
    this.#tail.push(line);
    this.#owner.logged(this.id, line);
    if (this.#logBytes > logBytesMax) return;
    this.#logBytes += line.length + 1;
    this.#log.write(this.#logBytes > logBytesMax ? "… (the rest is left out)\n" : `${line}\n`);
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    const hasRun = this.#child.pid !== undefined;
    const how = this.#problem || `ended by itself: ${signal ?? `exit code ${code}`}`;
    this.#owner.exited(this.id, { how, hasRun, asked: this.#isAsked, stderr: this.#tail.text() });
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && this.#isAlive()) signalGroup(pid, signal);
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** Why a program does not start, in the words of who can change it. */
function reasonOf({ code, message }: NodeJS.ErrnoException, program: string): string {
  if (code === "EACCES")
    return `${program} is not an executable file; chmod +x it, or name its interpreter: -- python3 …`;
  if (code !== "ENOENT") return message;
  return existsSync(program) ? `${program} has an interpreter that is not there` : `there is no program ${program}`;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone already
  }
}
