import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { toUtf8 } from "../../../base/text.ts";
import { OptionError } from "../../errors.ts";
import { Credentials, type MemberTls } from "../../tls/credentials.ts";
import { type Address, type Resolve, Resolver, resolveBySystem } from "../addresses.ts";
import { type Notice, OnceNotices } from "../notices.ts";
import { Strays } from "../strays.ts";
import { realTimers, type Timers } from "../timers.ts";
import type { LinkStats, Peer, Transport, TransportOwner } from "../transport.ts";
import { Acceptor } from "./acceptor.ts";
import type { ChannelLimits, Medium, MediumOptions } from "./channel.ts";
import type { Endpoint } from "./endpoint.ts";
import { clusterIdBytesMax, type Identity, oldestVersion } from "./handshake.ts";
import { Link } from "./link.ts";

/** How a member listens and what it may hold. What others dial are the addresses given as members, not this one. */
export interface LinkOptions {
  /** Port 0 takes any free one: see `LinkedTransport.port`. */
  readonly listen: Address;
  readonly notice: Notice;
  /**
   * Encrypts all links; both ends of each show a certificate of the member that they are, signed by `ca`. On all
   * members, or on none. Default: none.
   */
  readonly tls?: MemberTls | undefined;
  /** Longest frame sent or taken, in bytes. Default 16 MiB. */
  readonly frameBytesMax?: number;
  /** Most bytes waiting for one member; frames beyond are dropped. At least one longest frame. Default 32 MiB. */
  readonly queueBytesMax?: number;
  /** From dialling or accepting to the end of the handshake. Default 2000. */
  readonly handshakeMs?: number;
  /** Between two pings; a member silent for five of them is gone. About the same on all members. Default 1000. */
  readonly beatMs?: number;
  /** How long a host name's addresses are remembered. Default 1000. */
  readonly resolveCacheMs?: number;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** 0 to below 1: spreads retries and tells starts apart. Default `Math.random`. */
  readonly random?: () => number;
  readonly timers?: Timers;
}

/** A transport of links: each member dials every other. */
export interface LinkedTransport extends Transport {
  /** The port that it listens on; 0 before the start. */
  readonly port: number;
}

const mebibyte = 1024 * 1024;
const frameBytesLimit = 1024 * mebibyte;
const silentBeatsMax = 5;

/** What frames of any medium have before them, at the most. */
const frameHeadBytes = 5;

/** What tells transports apart besides their medium. */
export interface Traits {
  readonly encoding: "native" | "protobuf";
  /** Keeps members apart that would take each other's channels for something else. */
  readonly clusterSuffix: string;
}

/**
 * Keeps a link with each member: dials it, sends on the channel that it dialled, and dials again when that breaks.
 *
 * One channel for each direction needs no rule for two ends that dial at once, nor for who redials after a restart.
 * Throws `OptionError`.
 */
export function linkedTransport(
  options: LinkOptions,
  makeMedium: (options: MediumOptions) => Medium,
  traits: Partial<Traits> = {},
): LinkedTransport {
  return new Links(options, makeMedium, { encoding: "native", clusterSuffix: "", ...traits });
}

class Links implements LinkedTransport, Endpoint {
  readonly encoding: "native" | "protobuf";
  readonly limits: ChannelLimits;
  readonly medium: Medium;
  readonly isEncrypted: boolean;
  readonly resolver: Resolver;
  readonly notices: OnceNotices;
  readonly random: () => number;
  readonly #listen: Address;
  readonly #clusterSuffix: string;
  readonly #beatMs: number;
  readonly #session: number;
  readonly #acceptor: Acceptor;
  readonly #links = new Map<NodeId, Link>();
  readonly #strays = new Strays();
  #members: readonly Peer[] = [];
  #owner: TransportOwner | undefined;
  #state: "new" | "running" | "closed" = "new";
  #cancelBeat: () => void = () => {};

  constructor(options: LinkOptions, makeMedium: (options: MediumOptions) => Medium, traits: Traits) {
    const { listen, notice, random = Math.random, timers = realTimers } = options;
    const { resolve = resolveBySystem, resolveCacheMs = 1000, handshakeMs = 2000, beatMs = 1000 } = options;
    const { frameBytesMax = 16 * mebibyte, queueBytesMax = 32 * mebibyte } = options;
    check("listen", listen.port >= 0 && listen.port <= 65_535, "must have a port of 0 to 65535");
    check("frameBytesMax", frameBytesMax >= 1 && frameBytesMax <= frameBytesLimit, `must be 1 to ${frameBytesLimit}`);
    check("queueBytesMax", queueBytesMax >= frameBytesMax + frameHeadBytes, "must hold a frame of frameBytesMax");
    check("handshakeMs", handshakeMs >= 1, "must be at least 1");
    check("beatMs", beatMs >= 1, "must be at least 1");
    this.encoding = traits.encoding;
    this.#clusterSuffix = traits.clusterSuffix;
    this.limits = { frameBytesMax, queueBytesMax, handshakeMs, beatMs, silentBeatsMax, timers };
    this.resolver = new Resolver(resolve, resolveCacheMs, timers);
    this.notices = new OnceNotices(notice);
    const credentials = options.tls && new Credentials("tls", options.tls, notice, timers);
    this.isEncrypted = credentials !== undefined;
    this.medium = makeMedium({ limits: this.limits, credentials });
    this.random = random;
    this.#listen = listen;
    this.#beatMs = beatMs;
    this.#session = Math.floor(random() * 2 ** 48);
    this.#acceptor = new Acceptor(this);
  }

  get port(): number {
    return this.medium.port;
  }

  async start(owner: TransportOwner): Promise<void> {
    invariant(this.#state === "new" && !this.#owner, "a transport is started once");
    check(
      "clusterId",
      toUtf8(owner.clusterId).length + this.#clusterSuffix.length <= clusterIdBytesMax,
      `has at most ${clusterIdBytesMax} bytes`,
    );
    this.#owner = owner;
    await this.#acceptor.listen(this.#listen);
    if (this.#isClosed()) return this.#acceptor.close(); // closed while it was starting
    this.#state = "running";
    this.#beatLater();
    this.setMembers(this.#members);
  }

  setMembers(members: readonly Peer[]): void {
    this.#members = members;
    if (this.#state !== "running") return;
    const listed = new Map(members.map((member) => [member.id, [member.address, ...(member.otherAddresses ?? [])]]));
    listed.delete(this.#owner?.id ?? "");
    for (const [peer, link] of this.#links) {
      if (listed.has(peer)) continue;
      this.#links.delete(peer);
      link.remove();
    }
    for (const [peer, addresses] of listed) {
      const link = this.#links.get(peer);
      if (link) link.retarget(addresses);
      else this.#links.set(peer, new Link(peer, addresses, this, this.#strays.take(peer)));
    }
  }

  send(to: NodeId, frame: Bytes): void {
    const link = this.#links.get(to);
    if (link) link.send(frame);
    else if (!this.#acceptor.send(to, frame)) this.#strays.add(to);
  }

  stats(): readonly LinkStats[] {
    return [...[...this.#links.values()].map((link) => link.stats), ...this.#strays.stats()];
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#cancelBeat();
    const links = [...this.#links.values()].map((link) => link.close());
    await Promise.all([...links, this.#acceptor.close()]);
    this.#links.clear();
  }

  identity(to: NodeId): Identity {
    invariant(this.#owner !== undefined, "connections are made after the start");
    const { id, speaks, protocol } = this.#owner;
    const clusterId = `${this.#owner.clusterId}${this.#clusterSuffix}`;
    const identity = { versions: { min: oldestVersion, max: speaks }, session: this.#session, clusterId, from: id, to };
    return protocol === undefined ? identity : { ...identity, protocol };
  }

  isMember(peer: NodeId): boolean {
    return this.#links.has(peer);
  }

  receive(peer: NodeId, body: Bytes): void {
    if (this.#state !== "running") return;
    this.#links.get(peer)?.countReceived();
    this.#owner?.receive(peer, body);
  }

  changed(peer: NodeId, up: boolean, speaks?: number): void {
    if (this.#state === "running") this.#owner?.link(peer, up, speaks);
  }

  arrived(peer: NodeId, session: number): void {
    if (this.#state === "running") this.#links.get(peer)?.wake(session);
  }

  departed(peer: NodeId): void {
    if (this.#state === "running") this.#links.get(peer)?.doubt();
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #beatLater(): void {
    this.#cancelBeat = this.limits.timers.after(this.#beatMs, () => {
      for (const link of this.#links.values()) link.beat();
      this.#acceptor.beat();
      this.#beatLater();
    });
  }
}

function check(option: string, holds: boolean, rule: string): void {
  if (!holds) throw new OptionError(option, rule);
}
