import { join } from "node:path";
import type { Machine } from "../../machines/machine.ts";
import type { MachineNode, ReadOptions } from "../../runtime/api.ts";
import { openNode } from "../../runtime/open-node.ts";
import type { NodeOptions } from "../../runtime/options.ts";
import type { LogProtocolName } from "../../runtime/protocols/kinds.ts";
import { MaelstromError } from "../errors.ts";
import type { Handler } from "../node.ts";
import type { Lifecycle, Nothing } from "../workloads.ts";
import { type Carrier, MaelstromTransport } from "./transport.ts";

/** What a replica needs of its node. */
export interface ReplicaNode extends Carrier {
  on(type: "init", handler: Handler<Lifecycle["init"]["request"], Nothing>): unknown;
  on(...given: Parameters<Carrier["on"]>): unknown;
  log(text: string): void;
  run(): Promise<void>;
}

/** Where a replica keeps its data. */
export interface ReplicaOptions {
  /** Each node has a folder in it. Without it data are in memory: a node that is killed must then not come back. */
  readonly dataDir?: string | undefined;
  /** What keeps the order; the same on all nodes. Default `raft`. */
  readonly protocol?: LogProtocolName | undefined;
}

/** Longest wait for agreement, in ms: shorter than clients wait for us, so that they learn what became of it. */
const timeoutMs = 3000;

/** A machine on the order that all nodes agree on; messages go through the node. */
export class Replica<Command, Answer, Question, Reply> {
  readonly #node: ReplicaNode;
  #member: MachineNode<Command, Answer, Question, Reply> | undefined;
  #fail: (error: unknown) => void = () => undefined;

  /** `of` opens what this one speaks for. */
  private constructor(node: ReplicaNode) {
    this.#node = node;
  }

  /** Opens this node's member when the node is told who it is; before that there is nothing to ask. */
  static of<State, Command, Answer, Question, Reply>(
    node: ReplicaNode,
    machine: Machine<State, Command, Answer, Question, Reply>,
    options: ReplicaOptions,
  ): Replica<Command, Answer, Question, Reply> {
    const replica = new Replica<Command, Answer, Question, Reply>(node);
    node.on("init", async ({ node_id: id, node_ids: nodeIds }) => {
      replica.#member = await openNode({ ...memberOptions(node, id, nodeIds, options), machine });
      replica.#member.closed.catch((error: unknown) => replica.#fail(error));
    });
    return replica;
  }

  async execute(command: Command): Promise<Answer> {
    return await this.#open().execute(command);
  }

  async read(question: Question, options?: ReadOptions): Promise<Reply> {
    return await this.#open().read(question, options);
  }

  /** Serves the node until stdin ends. Rejects when the member has stopped by itself. */
  async run(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    await Promise.race([this.#node.run(), failed]);
    await this.#member?.close();
  }

  #open(): MachineNode<Command, Answer, Question, Reply> {
    if (this.#member === undefined) throw new MaelstromError("temporarily-unavailable", "the node has not started");
    return this.#member;
  }
}

function memberOptions(
  node: ReplicaNode,
  id: string,
  nodeIds: readonly string[],
  { dataDir, protocol = "raft" }: ReplicaOptions,
): NodeOptions {
  return {
    id,
    members: Object.fromEntries(nodeIds.map((member) => [member, `${member}:1`])), // addresses that nobody dials
    clusterId: "maelstrom",
    transport: new MaelstromTransport(node),
    ...(dataDir === undefined ? { storage: "memory" } : { dataDir: join(dataDir, id) }),
    protocol,
    timeoutMs,
    notice: (level, text, facts) => node.log(`${level}: ${text} ${JSON.stringify(facts)}`),
  };
}
