import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { Transport } from "../../transports/transport.ts";

/** How long a link is kept without a word to the other end, in ms; members and seekers speak several times a second. */
const idleMs = 15_000;

const sweepMs = 5000;

/** Links at the most: members, seeds and applicants, and some to spare. To others nothing is sent. */
const neighboursMax = 128;

/**
 * Keeps a link with everyone that was spoken to lately: members, seeds and applicants alike.
 *
 * So nobody has to tell who may be spoken to. Frames that come before the link stands are lost, as any may be.
 */
export class Neighbours {
  readonly #transport: Transport;
  readonly #addressOf: (node: NodeId) => string | undefined;
  /** Sweeps at which each was last spoken to. */
  readonly #spokenTo = new Map<NodeId, number>();
  #sweeps = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(transport: Transport, addressOf: (node: NodeId) => string | undefined) {
    this.#transport = transport;
    this.#addressOf = addressOf;
    this.#timer = setInterval(() => this.#sweep(), sweepMs);
    this.#timer.unref();
  }

  send(to: NodeId, frame: Bytes): void {
    const isNew = !this.#spokenTo.has(to);
    if (isNew && this.#spokenTo.size >= neighboursMax) return;
    this.#spokenTo.set(to, this.#sweeps);
    if (isNew) this.#tell();
    this.#transport.send(to, frame);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    this.#sweeps++;
    const before = this.#spokenTo.size;
    for (const [node, at] of this.#spokenTo) {
      if ((this.#sweeps - at) * sweepMs > idleMs) this.#spokenTo.delete(node);
    }
    if (this.#spokenTo.size < before) this.#tell();
  }

  #tell(): void {
    const members = [...this.#spokenTo.keys()].map((id) => ({ id, address: this.#addressOf(id) ?? "" }));
    this.#transport.setMembers(members.filter(({ address }) => address !== "")); // the rest is answered on its own way
  }
}
