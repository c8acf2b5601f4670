import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { describeFault, isCertificateOf, namesOf } from "../../tls/identity.ts";
import type { Address } from "../addresses.ts";
import type { Caller, Channel, ChannelEvents, Door } from "./channel.ts";
import type { Endpoint } from "./endpoint.ts";
import { findMismatch, type Greeting, type Identity, type Refused } from "./handshake.ts";

/** Connections that have not said who they are; the oldest goes when one more comes. */
const unknownMax = 64;

/** Connections of nodes of our cluster that are not members; further ones are refused. */
const strangersMax = 16;

/** Takes the channels that others dial, one for each node, and finds out who they are. */
export class Acceptor implements Door {
  readonly #endpoint: Endpoint;
  readonly #unknown = new Set<Channel>();
  readonly #known = new Map<NodeId, Channel>();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async listen(at: Address): Promise<void> {
    await this.#endpoint.medium.listen(at, this);
  }

  /** Answers a node on the connection that it dialled; `false` if there is none, or it is full. */
  send(peer: NodeId, body: Bytes): boolean {
    return body.length <= this.#endpoint.limits.frameBytesMax && this.#known.get(peer)?.send(body) === true;
  }

  /** To be called at a steady pace: those who dialled ping at every beat, so a silent one is gone. */
  beat(): void {
    for (const channel of this.#known.values()) channel.beat();
  }

  async close(): Promise<void> {
    const channels = [...this.#unknown, ...this.#known.values()];
    this.#known.clear(); // so that nobody is said to have departed
    for (const channel of channels) channel.destroy("closing");
    await this.#endpoint.medium.close();
  }

  enter(caller: Caller, open: (events: ChannelEvents) => Channel): void {
    let peer: NodeId | undefined;
    const channel = open({
      greeted: (greeting) => {
        peer = this.#judge(channel, greeting, caller);
      },
      message: (body) => this.#endpoint.receive(peer as NodeId, body),
      answered: () => {},
      closed: (problem, misbehaved) => this.#lose(channel, peer, caller.remote, problem, misbehaved),
    });
    this.#unknown.add(channel);
    if (this.#unknown.size <= unknownMax) return;
    for (const oldest of this.#unknown) {
      oldest.destroy("too many connections that do not say who they are", true);
      break;
    }
  }

  failed(remote: string, problem: string, peer?: NodeId): void {
    const who = peer ?? remote;
    const facts = { remote, problem, ...(peer && { peer }) };
    this.#endpoint.notices.warn(remote, `${who} ${problem}`, `closed a connection from ${who}: ${problem}`, facts);
  }

  /** Opens or refuses; the peer's id if it may talk. */
  #judge(channel: Channel, greeting: Greeting, caller: Caller): NodeId | undefined {
    if (greeting.kind !== "hello") {
      channel.destroy("answered before it was asked", true);
      return undefined;
    }
    const peer = greeting.from;
    const { remote } = caller;
    const ours = this.#endpoint.identity(peer);
    const distrust = this.#findDistrust(ours, caller);
    const found = distrust ?? findMismatch(ours, greeting) ?? this.#findNoRoom(peer);
    if (found) {
      const text = `refused ${peer} at ${remote} (${found.mismatch}): ${found.text}`;
      const facts = { peer, remote, clusterId: greeting.clusterId, versions: greeting.versions, ...found };
      this.#endpoint.notices.warn(remote, `${peer} ${found.text}`, text, facts);
      this.#unknown.delete(channel);
      const clusterId = distrust ? greeting.clusterId : ours.clusterId; // which is no business of whoever it is
      channel.refuse({ kind: "refusal", ...ours, clusterId, ...found });
      return undefined;
    }
    channel.open();
    channel.greet({ kind: "welcome", ...ours });
    this.#unknown.delete(channel);
    const former = this.#known.get(peer);
    this.#known.set(peer, channel);
    former?.destroy("replaced by a newer connection");
    this.#endpoint.arrived(peer, greeting.session);
    return peer;
  }

  /** Why it cannot be believed that this is the node that it says. */
  #findDistrust({ from, to: peer }: Identity, { shown }: Caller): Refused | undefined {
    if (!this.#endpoint.isEncrypted) return undefined;
    if (shown === undefined) {
      return { mismatch: "tls", text: `${from} encrypts its links, ${peer} does not: all members must, or none` };
    }
    const { certificate, fault } = shown;
    if (certificate === undefined) return { mismatch: "certificate", text: `${peer} shows none` };
    if (fault !== undefined) {
      const whose = `the certificate of ${peer}`;
      return { mismatch: "certificate", text: describeFault(fault, whose) ?? `${whose} is refused: ${fault}` };
    }
    if (isCertificateOf(certificate, peer)) return undefined;
    return { mismatch: "certificate", text: `${peer} shows one of ${namesOf(certificate)}` };
  }

  #findNoRoom(peer: NodeId): Refused | undefined {
    if (this.#endpoint.isMember(peer) || this.#known.has(peer)) return undefined;
    let strangers = 0;
    for (const known of this.#known.keys()) if (!this.#endpoint.isMember(known)) strangers++;
    return strangers < strangersMax ? undefined : { mismatch: "full", text: "too many nodes that are not members" };
  }

  #lose(channel: Channel, peer: NodeId | undefined, remote: string, problem: string, misbehaved: boolean): void {
    const wasUnknown = this.#unknown.delete(channel);
    if (wasUnknown || misbehaved) this.failed(remote, problem, peer);
    if (peer === undefined || this.#known.get(peer) !== channel) return;
    this.#known.delete(peer);
    this.#endpoint.departed(peer);
  }
}
