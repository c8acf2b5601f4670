import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What a message says. */
export type MaelstromBody = Readonly<Record<string, unknown>>;

interface MaelstromMessage {
  readonly src: string;
  readonly dest: string;
  readonly body: MaelstromBody;
}

const replyMsMax = 10_000;

/** Nodes as Maelstrom runs them: processes, and between them a network that can be cut. */
export class MaelstromNetwork {
  readonly ids: readonly string[];
  /** Messages that nodes sent each other. */
  between = 0;
  /** What a node wrote to stderr. */
  readonly stderr = new Map<string, string>();
  readonly #processes = new Map<string, ChildProcess>();
  readonly #command: readonly string[];
  readonly #latencyMs: number;
  readonly #waiting = new Map<number, (body: MaelstromBody) => void>();
  #sides: readonly (readonly string[])[] = [];
  #askedCount = 0;

  /** Nodes `n1` and so on, each by `node` with these arguments. */
  constructor(count: number, command: readonly string[], latencyMs = 0) {
    this.ids = Array.from({ length: count }, (_, at) => `n${at + 1}`);
    this.#command = command;
    this.#latencyMs = latencyMs;
  }

  /** Starts all nodes, and tells each who it is. */
  async start(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.startNode(id)));
  }

  async startNode(id: string): Promise<void> {
    const child = spawn(process.execPath, this.#command, { stdio: "pipe" });
    this.#processes.set(id, child);
    child.stderr.on("data", (data) => this.stderr.set(id, `${this.stderr.get(id) ?? ""}${data}`));
    child.stdin.on("error", () => undefined); // it was killed, which its `close` tells
    createInterface({ input: child.stdout }).on("line", (line) => this.#route(JSON.parse(line)));
    await this.ask(id, { type: "init", node_id: id, node_ids: this.ids });
  }

  /** Ends nodes as `kill -9` does. */
  async kill(...ids: readonly string[]): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const child = this.#processes.get(id);
        this.#processes.delete(id);
        child?.kill("SIGKILL");
        if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "close");
      }),
    );
  }

  /** From now on no message gets from one side to another. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#sides = sides;
  }

  heal(): void {
    this.#sides = [];
  }

  /** Asks as a client, which partitions do not concern. */
  async ask(id: string, body: MaelstromBody): Promise<MaelstromBody> {
    const asked = ++this.#askedCount;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(asked);
        reject(new Error(`${id} did not answer ${JSON.stringify(body)}: ${this.stderr.get(id) ?? ""}`));
      }, replyMsMax);
      this.#waiting.set(asked, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#hand({ src: "c1", dest: id, body: { ...body, msg_id: asked } });
    });
  }

  /** Ends all nodes by the end of their stdin; resolves with their exit codes. */
  async stop(): Promise<readonly (number | null)[]> {
    const children = [...this.#processes.values()];
    for (const child of children) child.stdin?.end();
    return await Promise.all(
      children.map(async (child) => {
        if (child.exitCode === null && child.signalCode === null) await once(child, "close");
        return child.exitCode;
      }),
    );
  }

  #route(message: MaelstromMessage): void {
    const { src, dest, body } = message;
    const settle = this.#waiting.get(Number(body.in_reply_to));
    if (dest === "c1") {
      this.#waiting.delete(Number(body.in_reply_to));
      return settle?.(body);
    }
    this.between++;
    const isCut = this.#sides.some((side) => side.includes(src) && !side.includes(dest));
    if (isCut) return;
    if (this.#latencyMs > 0) setTimeout(() => this.#hand(message), this.#latencyMs);
    else this.#hand(message);
  }

  #hand(message: MaelstromMessage): void {
    this.#processes.get(message.dest)?.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}
