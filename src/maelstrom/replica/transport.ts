import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import type { LinkStats, Peer, Transport, TransportOwner } from "../../runtime/transports/transport.ts";
import { MaelstromError } from "../errors.ts";
import type { Body } from "../messages.ts";

/** The type of a message that carries a frame. */
const frameType = "frame";

/** What a node does for a transport. */
export interface Carrier {
  send(to: string, body: Body): void;
  on(type: typeof frameType, handler: (body: Body, request: { readonly from: string }) => void): unknown;
}

interface Counts {
  framesSent: number;
  framesReceived: number;
}

/** Carries frames between members in messages of Maelstrom's, as base64. Links are up: the network says nothing. */
export class MaelstromTransport implements Transport {
  readonly #carrier: Carrier;
  readonly #links = new Map<NodeId, Counts>();
  #owner: TransportOwner | undefined;
  #isClosed = false;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  async start(owner: TransportOwner): Promise<void> {
    invariant(this.#owner === undefined, "a transport is started once");
    this.#owner = owner;
    this.#carrier.on(frameType, ({ frame }, { from }) => this.#receive(from, frame));
    for (const peer of this.#links.keys()) this.#tell(peer, true);
  }

  setMembers(members: readonly Peer[]): void {
    const listed = new Set(members.map(({ id }) => id));
    listed.delete(this.#owner?.id ?? "");
    for (const peer of this.#links.keys()) {
      if (listed.has(peer)) continue;
      this.#links.delete(peer);
      this.#tell(peer, false);
    }
    for (const peer of listed) {
      if (this.#links.has(peer)) continue;
      this.#links.set(peer, { framesSent: 0, framesReceived: 0 });
      this.#tell(peer, true);
    }
  }

  send(to: NodeId, frame: Bytes): void {
    if (this.#isClosed) return;
    const counts = this.#links.get(to);
    if (counts !== undefined) counts.framesSent++;
    this.#carrier.send(to, { type: frameType, frame: Buffer.from(frame).toString("base64") });
  }

  stats(): readonly LinkStats[] {
    return [...this.#links].map(([peer, counts]) => ({ peer, up: true, ...counts, framesDropped: 0, bytesQueued: 0 }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** In a later turn: an owner is not told within its own call. */
  #tell(peer: NodeId, up: boolean): void {
    setImmediate(() => {
      if (!this.#isClosed) this.#owner?.link(peer, up, this.#owner.speaks);
    });
  }

  #receive(from: NodeId, frame: unknown): void {
    if (typeof frame !== "string") throw new MaelstromError("malformed-request", "a frame is text, in base64");
    if (this.#isClosed) return;
    const counts = this.#links.get(from);
    if (counts !== undefined) counts.framesReceived++;
    this.#owner?.receive(from, Buffer.from(frame, "base64"));
  }
}
