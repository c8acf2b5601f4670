import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { NodeId } from "../../../base/ids.ts";
import { AddressInUseError, OptionError } from "../../errors.ts";
import type { Address } from "../addresses.ts";
import type { Channel, ChannelEvents, Door, Medium, MediumOptions } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { type LinkedTransport, type LinkOptions, linkedTransport } from "../links/linked-transport.ts";
import { AcceptedChannel } from "./accepted-channel.ts";
import { readDatagram } from "./datagram.ts";
import { DialledChannel } from "./dialled-channel.ts";

/** Room for datagrams that wait to be read, as far as the system gives it. */
const receiveBytes = 4 * 1024 * 1024;

/**
 * Experimental: carries few small frames as datagrams, and all others on a stream of another medium beside.
 *
 * The stream greets, encrypts and tells when the way breaks. Datagrams are signed with a secret that it carries, not
 * encrypted, may be lost, and are never taken twice. Throws `OptionError`.
 */
export function udpTransport(options: LinkOptions, makeStream: (options: MediumOptions) => Medium): LinkedTransport {
  const makeMedium = (shared: MediumOptions): Medium => {
    const { frameBytesMax, queueBytesMax } = shared.limits;
    const limits = { ...shared.limits, frameBytesMax: frameBytesMax + 1, queueBytesMax: queueBytesMax + 1 };
    return new UdpMedium(shared, makeStream({ ...shared, limits }));
  };
  return linkedTransport(options, makeMedium, { clusterSuffix: " over udp" });
}

class UdpMedium implements Medium {
  readonly #options: MediumOptions;
  readonly #stream: Medium;
  readonly #channels = new Map<string, AcceptedChannel>();
  #socket: Socket | undefined;

  constructor(options: MediumOptions, stream: Medium) {
    this.#options = options;
    this.#stream = stream;
  }

  get port(): number {
    return this.#stream.port;
  }

  dial(peer: NodeId, to: Address, hello: Greeting, events: ChannelEvents): Channel {
    return new DialledChannel(
      this.#options.limits,
      events,
      (streamEvents) => this.#stream.dial(peer, to, hello, streamEvents),
      (datagram) => this.#socket?.send(datagram, to.port, to.host, () => {}), // lost, if it cannot be sent
    );
  }

  async listen(at: Address, door: Door): Promise<void> {
    const registry = {
      add: (token: string, channel: AcceptedChannel) => void this.#channels.set(token, channel),
      remove: (token: string) => void this.#channels.delete(token),
    };
    await this.#stream.listen(at, {
      enter: (caller, open) => door.enter(caller, (events) => new AcceptedChannel(events, registry, open)),
      failed: (remote, problem) => door.failed(remote, problem),
    });
    try {
      await this.#bind(at.host, this.#stream.port);
    } catch (error) {
      await this.#stream.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    await this.#stream.close();
  }

  async #bind(host: string, port: number): Promise<void> {
    const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: receiveBytes });
    socket.on("message", (bytes) => {
      const datagram = readDatagram(bytes, (token) => this.#channels.get(token)?.secret);
      if (datagram !== undefined) this.#channels.get(datagram.token)?.arrive(datagram);
    });
    try {
      socket.bind(port, host);
      await once(socket, "listening");
    } catch (cause) {
      socket.close();
      const error = cause as NodeJS.ErrnoException;
      if (error.code === "EADDRINUSE") throw new AddressInUseError(`${host}:${port} (UDP)`, { cause });
      throw new OptionError("listen", `cannot listen on ${host}:${port} (UDP): ${error.message}`);
    }
    socket.on("error", () => {}); // a datagram was lost
    this.#socket = socket;
  }
}
