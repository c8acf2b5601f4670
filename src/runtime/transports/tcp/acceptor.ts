import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { AddressInUseError, OptionError } from "../../errors.ts";
import { Entrance } from "../../tls/entrance.ts";
import { describeFault, isCertificateOf, namesOf } from "../../tls/identity.ts";
import type { Address } from "../addresses.ts";
import { Connection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { findMismatch, type Greeting, type Identity, type Refused } from "./handshake.ts";

/** Connections that have not said who they are; the oldest goes when one more comes. */
const unknownMax = 64;

/** Connections of nodes of our cluster that are not members; further ones are refused. */
const strangersMax = 16;

/** Takes the connections that others dial, one for each node, and finds out who they are. */
export class Acceptor {
  readonly #endpoint: Endpoint;
  readonly #server: Server;
  /** Before the others, where links are encrypted. */
  readonly #entrance: Entrance | undefined;
  readonly #unknown = new Set<Connection>();
  readonly #known = new Map<NodeId, Connection>();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#entrance) this.#entrance.enter(socket);
      else this.#accept(socket);
    });
    const { credentials, limits } = endpoint;
    if (credentials === undefined) return;
    this.#entrance = new Entrance(credentials, limits, {
      secured: (socket) => this.#accept(socket),
      plain: (socket) => this.#accept(socket),
      failed: (remote, problem) => this.#tellClosed(remote, problem),
    });
    credentials.watch((pem) => this.#entrance?.renew(pem));
  }

  /** The port that was bound: of use when 0 was asked for. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Throws `AddressInUseError`, or `OptionError` for an address that is not this machine's. */
  async listen({ host, port }: Address): Promise<void> {
    try {
      this.#server.listen(port, host);
      await once(this.#server, "listening");
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException;
      if (error.code === "EADDRINUSE") throw new AddressInUseError(`${host}:${port}`, { cause });
      throw new OptionError("listen", `cannot listen on ${host}:${port}: ${error.message}`);
    }
    this.#server.on("error", (error: NodeJS.ErrnoException) => {
      const problem = error.code ?? error.message;
      this.#endpoint.notices.warn("", problem, `a connection could not be accepted: ${problem}`, { problem });
    });
  }

  /** Answers a node on the connection that it dialled; `false` if there is none, or it is full. */
  send(peer: NodeId, body: Bytes): boolean {
    return body.length <= this.#endpoint.limits.frameBytesMax && this.#known.get(peer)?.send(body) === true;
  }

  /** To be called at a steady pace: those who dialled ping at every beat, so a silent one is gone. */
  beat(): void {
    for (const connection of this.#known.values()) connection.beat();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#endpoint.credentials?.close();
    this.#entrance?.close();
    const connections = [...this.#unknown, ...this.#known.values()];
    this.#known.clear(); // so that nobody is said to have departed
    for (const connection of connections) connection.destroy("closing");
    await closed;
  }

  #accept(socket: Socket): void {
    const remote = socket.remoteAddress ?? "an unknown address";
    let peer: NodeId | undefined;
    const connection = new Connection(socket, this.#endpoint.limits, {
      greeted: (greeting) => {
        peer = this.#judge(connection, greeting, socket, remote);
      },
      message: (body) => this.#endpoint.receive(peer as NodeId, body),
      answered: () => {},
      closed: (problem, misbehaved) => this.#lose(connection, peer, remote, problem, misbehaved),
    });
    this.#unknown.add(connection);
    if (this.#unknown.size <= unknownMax) return;
    for (const oldest of this.#unknown) {
      oldest.destroy("too many connections that do not say who they are", true);
      break;
    }
  }

  /** Opens or refuses; the peer's id if it may talk. */
  #judge(connection: Connection, greeting: Greeting, socket: Socket, remote: string): NodeId | undefined {
    if (greeting.kind !== "hello") {
      connection.destroy("answered before it was asked", true);
      return undefined;
    }
    const peer = greeting.from;
    const ours = this.#endpoint.identity(peer);
    const distrust = this.#findDistrust(ours, socket);
    const found = distrust ?? findMismatch(ours, greeting) ?? this.#findNoRoom(peer);
    if (found) {
      const text = `refused ${peer} at ${remote} (${found.mismatch}): ${found.text}`;
      const facts = { peer, remote, clusterId: greeting.clusterId, versions: greeting.versions, ...found };
      this.#endpoint.notices.warn(remote, `${peer} ${found.text}`, text, facts);
      this.#unknown.delete(connection);
      const clusterId = distrust ? greeting.clusterId : ours.clusterId; // which is no business of whoever it is
      connection.refuse({ kind: "refusal", ...ours, clusterId, ...found });
      return undefined;
    }
    connection.open();
    connection.greet({ kind: "welcome", ...ours });
    this.#unknown.delete(connection);
    const former = this.#known.get(peer);
    this.#known.set(peer, connection);
    former?.destroy("replaced by a newer connection");
    this.#endpoint.arrived(peer, greeting.session);
    return peer;
  }

  /** Why it cannot be believed that this is the node that it says. */
  #findDistrust({ from, to: peer }: Identity, socket: Socket): Refused | undefined {
    if (this.#entrance === undefined) return undefined;
    if (!(socket instanceof TLSSocket)) {
      return { mismatch: "tls", text: `${from} encrypts its links, ${peer} does not: all members must, or none` };
    }
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return { mismatch: "certificate", text: `${peer} shows none` };
    if (!socket.authorized) {
      const code = String(socket.authorizationError);
      const whose = `the certificate of ${peer}`;
      return { mismatch: "certificate", text: describeFault(code, whose) ?? `${whose} is refused: ${code}` };
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

  #lose(connection: Connection, peer: NodeId | undefined, remote: string, problem: string, misbehaved: boolean): void {
    const wasUnknown = this.#unknown.delete(connection);
    if (wasUnknown || misbehaved) this.#tellClosed(remote, problem, peer);
    if (peer === undefined || this.#known.get(peer) !== connection) return;
    this.#known.delete(peer);
    this.#endpoint.departed(peer);
  }

  #tellClosed(remote: string, problem: string, peer?: NodeId): void {
    const who = peer ?? remote;
    const facts = { remote, problem, ...(peer && { peer }) };
    this.#endpoint.notices.warn(remote, `${who} ${problem}`, `closed a connection from ${who}: ${problem}`, facts);
  }
}
