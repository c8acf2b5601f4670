import { join } from "node:path";
import { formatJson } from "../network/json.ts";
import { readMessage } from "../network/message.ts";
import type { Network } from "../network/network.ts";
import { isClient } from "../run/journal.ts";
import type { Timeline } from "../run/timeline.ts";
import type { NodeFaults } from "./node-faults.ts";
import { NodeProcess } from "./node-process.ts";

/** What a cluster is made of. */
export interface ClusterParts {
  readonly command: readonly string[];
  readonly nodes: readonly string[];
  readonly network: Network;
  readonly timeline: Timeline;
  readonly logDirectory: string;
  readonly faults: NodeFaults;
  /** Lines of stderr, for whoever wants them at once. */
  readonly logged: ((id: string, line: string) => void) | undefined;
}

/** The processes of all nodes, on the network. */
export class Cluster {
  readonly #parts: ClusterParts;
  readonly #processes = new Map<string, NodeProcess>();
  readonly #ready = new Set<string>();
  #isClosed = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  /** Starts the process of a node, which begins with nothing; until it is `ready` it hears no client but `greeter`. */
  start(id: string, greeter: string): void {
    if (this.#isClosed) return; // a test may end while a node that was killed is on its way back
    const { command, network, timeline, logDirectory, faults, logged } = this.#parts;
    const node = new NodeProcess(id, command, join(logDirectory, `${id}.log`), {
      line: (_, line) => {
        timeline.stir();
        this.#route(id, line);
      },
      endlessLine: (_, start) => faults.misprint(id, start, "is longer than 16 MiB"),
      logged: (_, line) => logged?.(id, line),
      exited: (_, exit) => {
        if (this.#processes.get(id) === node) this.#processes.delete(id);
        if (!exit.asked) faults.crashed(id, exit);
      },
    });
    this.#processes.set(id, node);
    network.join(id, (message, line) => {
      const { id: number, src, dest, body } = message;
      if (!this.#ready.has(id) && isClient(src) && src !== greeter) return false;
      return this.#processes.get(id)?.write(line ?? formatJson({ id: number, src, dest, body })) ?? false;
    });
  }

  /** The node has been told all that it must know. */
  ready(id: string): void {
    this.#ready.add(id);
  }

  /** Freezes a node; one that is not ready is left alone. */
  pause(id: string): void {
    if (this.#ready.has(id)) this.#processes.get(id)?.pause();
  }

  resume(id: string): void {
    this.#processes.get(id)?.resume();
  }

  async kill(id: string): Promise<void> {
    this.#ready.delete(id);
    await this.#processes.get(id)?.kill();
    this.#processes.delete(id);
  }

  /** The last lines of a node's stderr. */
  stderr(id: string): string {
    return this.#processes.get(id)?.stderr() ?? "";
  }

  /** Ends all processes; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#parts.nodes.map((id) => this.kill(id)));
  }

  #route(id: string, line: string): void {
    const { network, faults } = this.#parts;
    const read = readMessage(line);
    if ("problem" in read) {
      faults.misprint(id, line, read.problem);
      return;
    }
    const { message } = read;
    if (!network.knows(message.src)) faults.misprint(id, line, `comes from ${message.src}, which does not exist`);
    else if (!network.knows(message.dest)) faults.misprint(id, line, `is for ${message.dest}, which does not exist`);
    else network.send(message, line);
  }
}
