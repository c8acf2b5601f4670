import { randomInt } from "node:crypto";
import type { Bytes } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import {
  Gossip,
  type GossipOutput,
  type GossipRefusal,
  type GossipVocabulary,
  messageFromJson,
  messageToJson,
} from "../../protocols/gossip/index.ts";
import { Drive } from "../../runtime/drive.ts";
import { MaelstromError } from "../errors.ts";
import type { Body } from "../messages.ts";
import type { Handler } from "../node.ts";
import type { Lifecycle, Nothing, Topology } from "../workloads.ts";
import { type GossipSettings, gossipOptions, lateTicksMax, tickMs } from "./settings.ts";

/** The type of a message between members. */
const gossipType = "gossip";

/** What a member needs of its node. */
export interface GossipNode {
  on(type: "init", handler: Handler<Lifecycle["init"]["request"], Nothing>): unknown;
  on(type: "topology", handler: Handler<Lifecycle["topology"]["request"], Nothing>): unknown;
  on(type: typeof gossipType, handler: Handler<Body, Nothing>): unknown;
  send(to: string, body: Body): void;
  log(text: string): void;
  run(): Promise<void>;
}

interface Waiting {
  resolve(): void;
  reject(error: MaelstromError): void;
}

/** Has every value that any node submits delivered on every node, once, in no order. */
export class GossipMember {
  readonly #node: GossipNode;
  readonly #settings: GossipSettings;
  readonly #deliver: (value: unknown) => void;
  readonly #waiting = new Map<number, Waiting>();
  #drive: Drive<GossipVocabulary> | undefined;
  #submitCount = 0;

  constructor(node: GossipNode, settings: GossipSettings, deliver: (value: unknown) => void) {
    this.#node = node;
    this.#settings = settings;
    this.#deliver = deliver;
    node.on("init", ({ node_id: id, node_ids: members }) => this.#start(id, members));
    node.on("topology", ({ topology }) => this.#arrange(topology));
    node.on(gossipType, ({ message }, { from }) => this.#drive?.receive(from, messageFromJson(message, toPayload)));
  }

  /** Has a value delivered, here first; resolves once it is. Rejects with `temporarily-unavailable`: nowhere. */
  async submit(value: unknown): Promise<void> {
    const drive = this.#drive;
    if (drive === undefined) throw new MaelstromError("temporarily-unavailable", "the node has not started");
    await new Promise<void>((resolve, reject) => {
      const id = ++this.#submitCount;
      this.#waiting.set(id, { resolve, reject });
      drive.request({ kind: "submit", id, payloads: [toPayload(value)] });
    });
  }

  /** Serves the node until stdin ends. */
  async run(): Promise<void> {
    await this.#node.run();
    await this.#drive?.stop();
  }

  #start(id: string, members: readonly string[]): void {
    const core = new Gossip({
      ...{ id, members, incarnation: Date.now(), seed: randomInt(2 ** 47) },
      ...gossipOptions(this.#settings),
    });
    this.#drive = new Drive<GossipVocabulary>(
      core,
      {
        store: async () => undefined, // gossip keeps nothing
        send: (to, message) => this.#node.send(to, { type: gossipType, message: messageToJson(message, fromPayload) }),
        output: (output) => this.#take(output),
        stepped: () => undefined,
        diskFull: () => undefined,
        failed: (error) => {
          throw error; // from a turn of its own: the process ends, as a wrong node must
        },
      },
      tickMs,
      lateTicksMax,
    );
    this.#drive.start();
  }

  #arrange(topology: Topology): void {
    if (this.#settings.topology !== "given") return;
    this.#drive?.request({ kind: "arrange", topology: { kind: "given", neighbours: topology } });
  }

  #take(output: GossipOutput): void {
    switch (output.kind) {
      case "deliver":
        for (const payload of output.payloads) this.#deliver(fromPayload(payload));
        return;
      case "accepted":
        return this.#settle(output.id)?.resolve();
      case "refused":
        return this.#settle(output.id)?.reject(refusalOf(output.reason));
      case "missed":
        return this.#node.log("what was submitted before this node's time is no longer held by the others");
      case "peer":
        return this.#node.log(`${output.peer} ${output.isDown ? "does not answer" : "answers again"}`);
      case "secured":
        return;
      default:
        return unreachable(output);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function refusalOf(reason: GossipRefusal): MaelstromError {
  if (reason === "too-large") return new MaelstromError("abort", "the value is too large");
  return new MaelstromError("temporarily-unavailable", "too much waits for nodes that do not answer");
}

function toPayload(value: unknown): Bytes {
  return toUtf8(JSON.stringify(value));
}

function fromPayload(payload: Bytes): unknown {
  return JSON.parse(fromUtf8(payload));
}
