import { PassThrough } from "node:stream";
import { MaelstromNode } from "../../src/maelstrom/index.ts";
import type { Body } from "../../src/maelstrom/messages.ts";
import type { WorkloadName } from "../../src/maelstrom/workloads.ts";

/** A node whose stdin, stdout and stderr are in the hands of a test. */
export class NodeOnStreams<Name extends WorkloadName = never> {
  readonly input = new PassThrough();
  readonly output: PassThrough;
  readonly node: MaelstromNode<Name>;
  /** What it sent, in order. */
  readonly sent: { readonly src: string; readonly dest: string; readonly body: Body }[] = [];
  log = "";
  #watchers: (() => void)[] = [];

  /** With `isRead: false` nobody reads its output until `readOutput`. */
  constructor(options: { workload?: Name; lineBytesMax?: number; outputBytes?: number; isRead?: boolean } = {}) {
    const { outputBytes = 65_536, isRead = true, ...rest } = options;
    this.output = new PassThrough({ highWaterMark: outputBytes });
    const log = new PassThrough();
    log.on("data", (data) => {
      this.log += data;
    });
    this.node = new MaelstromNode<Name>({ ...rest, input: this.input, output: this.output, log });
    if (isRead) this.readOutput();
  }

  readOutput(): void {
    let text = "";
    this.output.on("data", (data) => {
      const lines = (text + data).split("\n");
      text = lines.pop() ?? "";
      this.sent.push(...lines.map((line) => JSON.parse(line)));
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
  }

  /** Hands it a message. */
  give(src: string, body: Body, dest = "n1"): void {
    this.input.write(`${JSON.stringify({ src, dest, body })}\n`);
  }

  init(): void {
    this.give("c0", { type: "init", msg_id: 1, node_id: "n1", node_ids: ["n1", "n2", "n3"] });
  }

  /** Resolves with the bodies of what it sent, once there are so many. */
  async bodies(count: number): Promise<readonly Body[]> {
    while (this.sent.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    return this.sent.map(({ body }) => body);
  }
}
