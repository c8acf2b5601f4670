import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The bin of the package. */
export const quorate = fileURLToPath(new URL("../../bin/quorate.js", import.meta.url));

/** What a program said and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under test: what it says is kept, and can be waited for. */
export class Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  /** With a `channel` it gets a line to us, and knows when we are gone; with an `input` it reads that. */
  constructor(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, channel = false, input?: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(QUORATE_|NODE_OPTIONS|VITEST)/.test(name));
    const options = { env: { ...Object.fromEntries(inherited), ...env } };
    const stdin = input === undefined ? "ignore" : "pipe";
    const stdio: StdioOptions = channel ? [stdin, "pipe", "pipe", "ipc"] : [stdin, "pipe", "pipe"];
    this.process = spawn(process.execPath, [script, ...args], { ...options, stdio });
    this.process.stdin?.on("error", () => undefined); // of a process that ended before it had read all
    this.process.stdin?.end(input);
    this.process.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.process.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.ended = once(this.process, "close").then(([code, signal]) => {
      return { code, signal, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves once the stream holds `text`; rejects when the program ends before. */
  async says(text: string, stream: "stdout" | "stderr" = "stdout"): Promise<void> {
    const source = this.process[stream];
    const ended = this.ended.then(() => "ended");
    while (!this[stream].includes(text)) {
      const next = source === null ? "ended" : await Promise.race([once(source, "data"), ended]);
      if (next === "ended" && !this[stream].includes(text)) {
        throw new Error(`ended without saying ${text}:\n${this.stdout}\n${this.stderr}`);
      }
    }
  }
}

/** Runs the command line to its end. */
export function runQuorate(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  return new Program(quorate, args, env).ended;
}

/** Whether a process with this number runs; one that ended, and that nobody has taken note of yet, does not. */
export function isRunning(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  if (existsSync(status) && /^State:\tZ/m.test(readFileSync(status, "utf8"))) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
