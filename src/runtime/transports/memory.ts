import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import { AddressInUseError } from "../errors.ts";
import { Strays } from "./strays.ts";
import type { LinkStats, Peer, Transport, TransportOwner } from "./transport.ts";

/** Most bytes under way from one member to another. */
const queueBytesMaxDefault = 32 * 1024 * 1024;

/** An in-process network: transports that find each other by address. A link is up while both ends run. */
export class MemoryNetwork {
  readonly #running = new Map<string, MemoryTransport>();

  /** A transport that is reached at `address`, once started. Restart a member by closing this and making another. */
  transport(address: string, options: { readonly queueBytesMax?: number } = {}): Transport {
    return new MemoryTransport(this.#running, address, options.queueBytesMax ?? queueBytesMaxDefault);
  }
}

/** One life of a link. */
interface Way {
  readonly target: MemoryTransport;
  bytesQueued: number;
}

interface MemoryLink {
  addresses: readonly string[];
  /** `undefined` while the link is down. */
  way: Way | undefined;
  framesSent: number;
  framesReceived: number;
  framesDropped: number;
}

class MemoryTransport implements Transport {
  readonly #running: Map<string, MemoryTransport>;
  readonly #address: string;
  readonly #queueBytesMax: number;
  readonly #links = new Map<NodeId, MemoryLink>();
  readonly #strays = new Strays();
  #owner: TransportOwner | undefined;
  #closed = false;
  /** What happens here, in order. Told in a later turn, never inside the call that caused it. */
  #arrivals: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;

  constructor(running: Map<string, MemoryTransport>, address: string, queueBytesMax: number) {
    this.#running = running;
    this.#address = address;
    this.#queueBytesMax = queueBytesMax;
  }

  async start(owner: TransportOwner): Promise<void> {
    invariant(!this.#owner && !this.#closed, "a transport is started once");
    if (this.#running.has(this.#address)) throw new AddressInUseError(this.#address);
    this.#owner = owner;
    this.#links.delete(owner.id);
    this.#running.set(this.#address, this);
    this.#refreshAll();
  }

  setMembers(members: readonly Peer[]): void {
    if (this.#closed) return;
    const listed = new Map(members.map((member) => [member.id, [member.address, ...(member.otherAddresses ?? [])]]));
    listed.delete(this.#owner?.id ?? "");
    for (const [peer, link] of this.#links) {
      if (listed.has(peer)) continue;
      this.#links.delete(peer);
      this.#tell(peer, link, undefined);
    }
    for (const [peer, addresses] of listed) {
      const link = this.#links.get(peer);
      if (link) link.addresses = addresses;
      else this.#links.set(peer, { ...newLink(addresses), framesDropped: this.#strays.take(peer) });
    }
    this.#refresh();
  }

  send(to: NodeId, frame: Bytes): void {
    const link = this.#links.get(to) ?? this.#wayBack(to);
    if (!link) {
      this.#strays.add(to);
      return;
    }
    const { way } = link;
    if (!way || !this.#owner || way.bytesQueued + frame.length > this.#queueBytesMax) {
      link.framesDropped++;
      return;
    }
    const from = this.#owner.id;
    const copy = Uint8Array.from(frame); // as over a wire: what one end does to its bytes never shows at the other
    link.framesSent++;
    way.bytesQueued += copy.length;
    way.target.#arrive(() => {
      way.bytesQueued -= copy.length;
      way.target.#receive(from, copy);
    });
  }

  stats(): readonly LinkStats[] {
    const links = [...this.#links].map(([peer, { addresses: _, way, ...counts }]) => ({
      peer,
      up: way !== undefined,
      bytesQueued: way?.bytesQueued ?? 0,
      ...counts,
    }));
    return [...links, ...this.#strays.stats()];
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearImmediate(this.#turn);
    this.#arrivals = [];
    this.#links.clear();
    if (this.#running.get(this.#address) === this) this.#running.delete(this.#address);
    this.#refreshAll();
  }

  #find(addresses: readonly string[], id: NodeId, clusterId: string): MemoryTransport | undefined {
    for (const address of addresses) {
      const found = this.#running.get(address);
      const owner = found ? found.#owner : undefined;
      if (owner?.id === id && owner.clusterId === clusterId) return found;
    }
    return undefined;
  }

  /** The way of a node that is no member here, but has a link with us. */
  #wayBack(to: NodeId): MemoryLink | undefined {
    for (const target of this.#running.values()) {
      const owner = target.#owner;
      const link = owner?.id === to ? target.#links.get(this.#owner?.id ?? "") : undefined;
      if (link?.way?.target === this) return { ...newLink([]), way: { target, bytesQueued: 0 } };
    }
    return undefined;
  }

  #receive(from: NodeId, frame: Bytes): void {
    const link = this.#links.get(from);
    if (link) link.framesReceived++;
    this.#owner?.receive(from, frame);
  }

  #refreshAll(): void {
    for (const transport of this.#running.values()) transport.#refresh();
  }

  /** Makes and breaks links so that they match who runs where. */
  #refresh(): void {
    if (!this.#owner) return;
    for (const [peer, link] of this.#links) {
      const target = this.#find(link.addresses, peer, this.#owner.clusterId);
      if (target === link.way?.target) continue;
      this.#tell(peer, link, undefined);
      this.#tell(peer, link, target);
    }
  }

  #tell(peer: NodeId, link: MemoryLink, target: MemoryTransport | undefined): void {
    if (link.way?.target === target) return;
    link.way = target && { target, bytesQueued: 0 };
    const speaks = target ? target.#owner?.speaks : undefined;
    this.#arrive(() => this.#owner?.link(peer, target !== undefined, speaks));
  }

  #arrive(event: () => void): void {
    if (this.#closed) return;
    this.#arrivals.push(event);
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      const events = this.#arrivals;
      this.#arrivals = [];
      for (const event of events) if (!this.#closed) event();
    });
  }
}

function newLink(addresses: readonly string[]): MemoryLink {
  return { addresses, way: undefined, framesSent: 0, framesReceived: 0, framesDropped: 0 };
}
