import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { quorate } from "./processes.ts";
import { eventually } from "./served-cluster.ts";

/** A line of a log, as documented. */
export interface Logged {
  readonly timestamp: number;
  readonly sender: string;
  readonly value: string;
}

/** A `quorate broadcast` in a working directory of the test's. */
export class Broadcaster implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<number | null>;
  stdout = "";
  stderr = "";

  constructor(directory: string, port: number, args: readonly string[]) {
    this.#log = join(directory, `${port}.log`);
    const inherited = Object.entries(process.env).filter(([name]) => !/^(QUORATE_|NODE_OPTIONS|VITEST)/.test(name));
    const options = { cwd: directory, env: Object.fromEntries(inherited) };
    this.process = spawn(process.execPath, [quorate, "broadcast", ...args], { ...options, stdio: "pipe" });
    this.process.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.process.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.process.stdin?.on("error", () => undefined); // of a process that was killed
    this.#ended = once(this.process, "close").then(([code]) => code as number | null);
  }

  line(text: string): void {
    this.process.stdin?.write(`${text}\n`);
  }

  /** What was appended to its log so far. */
  get logged(): readonly Logged[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Logged);
  }

  get values(): readonly string[] {
    return this.logged.map(({ value }) => value);
  }

  /** Resolves once its log holds so many lines. */
  async hasLogged(count: number): Promise<void> {
    await eventually(`${count} lines in ${this.#log}`, async () => this.values.length >= count || undefined);
  }

  /** Resolves once it has said `text` on stderr. */
  async says(text: string, times = 1): Promise<void> {
    await eventually(`"${text}" after\n${this.stderr}`, async () => {
      return this.stderr.split(text).length > times || undefined;
    });
  }

  /** Resolves with the exit code. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal === undefined) this.process.stdin?.end();
    else this.process.kill(signal);
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGCONT");
    await this.end("SIGKILL");
  }
}
