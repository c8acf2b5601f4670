import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import {
  decodeMessage,
  decodeProtobuf,
  encodeMessage,
  encodeProtobuf,
  type RaftMessage,
} from "../../protocols/raft/index.ts";
import type { Notice } from "../transports/notices.ts";
import type { Transport } from "../transports/transport.ts";
import type { Emitter } from "./emitter.ts";

/** A message as a frame, and back: small and fast, or such that others can read it. */
const encodings = {
  native: { encode: (message: RaftMessage) => encodeMessage(message), decode: (frame: Bytes) => decodeMessage(frame) },
  protobuf: { encode: encodeProtobuf, decode: decodeProtobuf },
} as const;

/** Messages on their way to bytes and back, shown to whoever listens. */
export class Wire {
  readonly #transport: Transport;
  readonly #codec: (typeof encodings)[keyof typeof encodings];
  readonly #emitter: Emitter;
  readonly #notice: Notice;

  constructor(transport: Transport, emitter: Emitter, notice: Notice) {
    this.#transport = transport;
    this.#codec = encodings[transport.encoding ?? "native"];
    this.#emitter = emitter;
    this.#notice = notice;
  }

  send(to: NodeId, message: RaftMessage): void {
    this.#transport.send(to, this.#codec.encode(message));
    this.#show("sent", to, message);
  }

  /** What a frame says; `undefined`, and told, if it is no message. */
  read(from: NodeId, frame: Bytes): RaftMessage | undefined {
    try {
      const message = this.#codec.decode(frame);
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
