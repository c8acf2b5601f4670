import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectSecurely, TLSSocket } from "node:tls";
import type { NodeId } from "../../../base/ids.ts";
import { AddressInUseError, OptionError } from "../../errors.ts";
import { Entrance } from "../../tls/entrance.ts";
import { describeSocketError, dialOptions } from "../../tls/identity.ts";
import type { Address } from "../addresses.ts";
import type { Caller, Channel, ChannelEvents, Door, Medium, MediumOptions } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { type LinkedTransport, type LinkOptions, linkedTransport } from "../links/linked-transport.ts";
import { Connection } from "./connection.ts";

/** Carries frames over TCP, or over TLS on TCP. Throws `OptionError`. */
export function tcpTransport(options: LinkOptions): LinkedTransport {
  return linkedTransport(options, tcpMedium);
}

/** What such a transport's links are made of. */
export function tcpMedium(options: MediumOptions): Medium {
  return new TcpMedium(options);
}

class TcpMedium implements Medium {
  readonly #options: MediumOptions;
  readonly #server: Server;
  /** Before the others, where channels are encrypted. */
  #entrance: Entrance | undefined;
  #door: Door | undefined;

  constructor(options: MediumOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#entrance) this.#entrance.enter(socket);
      else this.#accept(socket);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  dial(peer: NodeId, { host, port }: Address, hello: Greeting, events: ChannelEvents): Channel {
    const { credentials, limits } = this.#options;
    if (credentials === undefined) {
      const connection = new Connection(connect({ host, port, noDelay: true }), limits, events);
      connection.greet(hello);
      return connection;
    }
    const socket = connectSecurely({ ...dialOptions(credentials, peer), host, port });
    socket.setNoDelay(true);
    const connection = new Connection(socket, limits, events);
    socket.once("secureConnect", () => connection.greet(hello));
    return connection;
  }

  async listen({ host, port }: Address, door: Door): Promise<void> {
    this.#door = door;
    const { credentials, limits } = this.#options;
    if (credentials !== undefined) {
      const accept = (socket: Socket): void => this.#accept(socket);
      const failed = (remote: string, problem: string): void => door.failed(remote, problem);
      const entrance = new Entrance(credentials, limits, { secured: accept, plain: accept, failed });
      credentials.watch((pem) => entrance.renew(pem));
      this.#entrance = entrance;
    }
    try {
      this.#server.listen(port, host);
      await once(this.#server, "listening");
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException;
      if (error.code === "EADDRINUSE") throw new AddressInUseError(`${host}:${port}`, { cause });
      throw new OptionError("listen", `cannot listen on ${host}:${port}: ${error.message}`);
    }
    this.#server.on("error", (error) => door.failed("", `it could not be accepted: ${describeSocketError(error)}`));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#options.credentials?.close();
    this.#entrance?.close();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#door?.enter(callerOn(socket), (events) => new Connection(socket, this.#options.limits, events));
  }
}

function callerOn(socket: Socket): Caller {
  const remote = socket.remoteAddress ?? "an unknown address";
  if (!(socket instanceof TLSSocket)) return { remote };
  const fault = socket.authorized ? undefined : String(socket.authorizationError);
  return { remote, shown: { certificate: socket.getPeerX509Certificate(), fault } };
}
