import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { decodeMessage, encodeMessage, type RaftMessage } from "../../protocols/raft/index.ts";
import type { Notice } from "../transports/notices.ts";
import type { Transport } from "../transports/transport.ts";
import type { Emitter } from "./emitter.ts";

/** Messages on their way to bytes and back, shown to whoever listens. */
export class Wire {
  readonly #transport: Transport;
  readonly #emitter: Emitter;
  readonly #notice: Notice;

  constructor(transport: Transport, emitter: Emitter, notice: Notice) {
    this.#transport = transport;
    this.#emitter = emitter;
    this.#notice = notice;
  }

  send(to: NodeId, message: RaftMessage): void {
    this.#transport.send(to, encodeMessage(message));
    this.#show("sent", to, message);
  }

  /** What a frame says; `undefined`, and told, if it is no message. */
  read(from: NodeId, frame: Bytes): RaftMessage | undefined {
    try {
      const message = decodeMessage(frame);
      this.#show("received", from, message);
      return message;
    } catch (error) {
      this.#notice("warn", "dropped a malformed message", { from, error });
      return undefined;
    }
  }

  #show(direction: "sent" | "received", peer: NodeId, message: RaftMessage): void {
    if (this.#emitter.has("message")) this.#emitter.emit({ kind: "message", direction, peer, message });
  }
}
