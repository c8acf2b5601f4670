import type { ChildProcess } from "node:child_process";
import type { NodeStatus } from "../../src/runtime/api.ts";
import type { NodeOptions } from "../../src/runtime/options.ts";
import { killChild, nextMessage, startChild } from "./children.ts";

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly code?: string;
}

/** A member in a process of its own, which can be killed. */
export class LibraryProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #count = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ number, value, code }: Answer) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (code === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(code));
    });
    child.on("exit", () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error("the process ended"));
      this.#waiting.clear();
    });
  }

  /** Rejects with the code of what kept it from opening. */
  static async open(options: Partial<NodeOptions>): Promise<LibraryProcess> {
    const child = startChild("./library-child.ts", JSON.stringify(options));
    const opened = (await nextMessage(child)) as { opened: boolean; code?: string } | undefined;
    if (opened?.opened !== true) throw new Error(opened?.code ?? "the process ended");
    return new LibraryProcess(child);
  }

  async execute(text: string): Promise<number> {
    return (await this.#ask({ call: "execute", text, key: text })) as number;
  }

  async read(): Promise<readonly string[]> {
    return (await this.#ask({ call: "read" })) as readonly string[];
  }

  async status(): Promise<NodeStatus> {
    return (await this.#ask({ call: "status" })) as NodeStatus;
  }

  async kill(): Promise<void> {
    await killChild(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #ask(ask: object): Promise<unknown> {
    const number = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ ...ask, number }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}
