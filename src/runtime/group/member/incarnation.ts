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

/** The versions of the members' protocol that this release speaks, from oldest to newest: one. */
export const groupProtocolVersion = 1;

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
