import { randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import {
  decodeMessage,
  encodeMessage,
  TotalOrder,
  type TotalOrderMessage,
  type TotalOrderOutput,
  type TotalOrderRequest,
  type TotalOrderVocabulary,
} from "../../../protocols/total-order/index.ts";
import { Drive } from "../../drive.ts";
import type { MemberConfig } from "../options.ts";
import type { Founding } from "./founding.ts";
import { sendsBytesMax, sendsMax } from "./sends.ts";

/** The versions of the members' protocol that this release speaks, from oldest to newest: one. */
export const groupProtocolVersion = 1;

/** Incarnations count from here, by 4096 a ms, and so stay exact numbers until 2094. */
const epochMs = Date.UTC(2025, 0);

/**
 * A number for a life that begins at `nowMs`, larger than `last`, and than that of any process here before it.
 *
 * A clock that was not set says the same at each start. Then chance alone keeps a number from being used twice.
 */
export function newIncarnationNumber(nowMs: number, last: number): number {
  const sinceMs = nowMs - epochMs;
  const number = sinceMs > 0 ? sinceMs * 4096 + randomInt(4096) : randomInt(1, 2 ** 47);
  return Math.max(number, last + 1);
}

/** What an incarnation needs of the process it lives in. */
export interface IncarnationHost {
  send(to: NodeId, frame: Bytes): void;
  output(output: TotalOrderOutput): void;
  failed(error: unknown): void;
}

/** One life of a member: from looking for the group to leaving it, or being left behind. */
export class Incarnation {
  readonly number: number;
  readonly #config: MemberConfig;
  readonly #core: TotalOrder;
  readonly #drive: Drive<TotalOrderVocabulary>;
  readonly #channel: number;
  #encoded: { readonly message: TotalOrderMessage; readonly frame: Bytes } | undefined;

  constructor(
    config: MemberConfig,
    number: number,
    seeds: readonly NodeId[],
    founding: Founding,
    host: IncarnationHost,
  ) {
    this.number = number;
    this.#config = config;
    this.#channel = crc32(config.clusterId);
    const { founders } = config.seeds;
    const options = {
      ...config.core,
      node: config.node,
      incarnation: number,
      seeds,
      founders,
      seed: randomInt(2 ** 47),
      backlogMax: sendsMax, // whatever is let in has room
      backlogBytesMax: sendsBytesMax + 8 * sendsMax, // each counts for 8 bytes more than its payload
    };
    this.#core = new TotalOrder(options, founding.record);
    this.#drive = new Drive(
      this.#core,
      {
        store: async (records) => {
          for (const record of records.slice(-1)) await founding.store(record); // the newest is all that counts
        },
        send: (to, message) => host.send(to, this.#encode(message)),
        output: (output) => host.output(output),
        stepped: () => {},
        diskFull: (isFull) => {
          const text = isFull ? "the disk is full: no group can be founded from here" : "the disk has room again";
          config.notice(isFull ? "warn" : "info", text, { dataDir: config.dataDir });
        },
        failed: (error) => host.failed(error),
      },
      config.tickMs,
    );
  }

  /** Members of a group that are heard and have not taken this process in. */
  get contacts(): readonly NodeId[] {
    return [...this.#core.inspect().seeking.contacts.keys()];
  }

  get isMember(): boolean {
    return this.#core.inspect().phase === "member";
  }

  /** Members of the view that have ended for certain, for their nodes have started anew. */
  get restarted(): readonly NodeId[] {
    const { peers, applicants } = this.#core.inspect();
    return peers
      .filter(({ node, incarnation }) => (applicants.get(node)?.incarnation ?? 0) > incarnation)
      .map(({ node }) => node);
  }

  start(): void {
    this.#drive.start();
  }

  receive(from: NodeId, frame: Bytes): void {
    let message: TotalOrderMessage;
    try {
      message = decodeMessage(frame, this.#channel);
    } catch (error) {
      this.#config.notice("warn", "dropped a malformed message", { from, error });
      return;
    }
    this.#drive.receive(from, message);
  }

  link(peer: NodeId, up: boolean): void {
    this.#drive.link(peer, up);
  }

  request(request: TotalOrderRequest): void {
    this.#drive.request(request);
  }

  stop(): Promise<void> {
    return this.#drive.stop();
  }

  /** What goes to all is written once. */
  #encode(message: TotalOrderMessage): Bytes {
    if (this.#encoded?.message !== message) this.#encoded = { message, frame: encodeMessage(message, this.#channel) };
    return this.#encoded.frame;
  }
}
