import type { Bytes, Codec } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import type { LogVocabulary, MessageCodecs } from "../protocols/log-protocol.ts";
import type { Notice } from "../transports/notices.ts";
import type { Transport } from "../transports/transport.ts";
import type { Emitter } from "./emitter.ts";

type Message = LogVocabulary["message"];

/** Messages on their way to bytes and back, shown to whoever listens. */
export class Wire {
  readonly #transport: Transport;
  readonly #codec: Codec<Message>;
  readonly #emitter: Emitter;
  readonly #notice: Notice;
  #encoded: { readonly message: Message; readonly frame: Bytes } | undefined;

  constructor(transport: Transport, codecs: MessageCodecs<Message>, emitter: Emitter, notice: Notice) {
    const codec = codecs[transport.encoding ?? "native"];
    invariant(codec !== undefined, "a transport is chosen that can carry the protocol's messages");
    this.#transport = transport;
    this.#codec = codec;
    this.#emitter = emitter;
    this.#notice = notice;
  }

  /** What goes to several members, one after the other, is encoded once. */
  send(to: NodeId, message: Message): void {
    if (this.#encoded?.message !== message) this.#encoded = { message, frame: this.#codec.encode(message) };
    this.#transport.send(to, this.#encoded.frame);
    this.#show("sent", to, message);
  }

  /** What a frame says; `undefined`, and told, if it is no message. */
  read(from: NodeId, frame: Bytes): Message | undefined {
    try {
      const message = this.#codec.decode(frame);
      this.#show("received", from, message);
      return message;
    } catch (error) {
      this.#notice("warn", "dropped a malformed message", { from, error });
      return undefined;
    }
  }

  #show(direction: "sent" | "received", peer: NodeId, message: Message): void {
    if (this.#emitter.has("message")) this.#emitter.emit({ kind: "message", direction, peer, message });
  }
}
