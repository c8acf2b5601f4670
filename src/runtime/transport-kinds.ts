import { grpcTransport, type ServeMore } from "./transports/grpc/grpc.ts";
import type { LinkedTransport, LinkOptions } from "./transports/links/linked-transport.ts";
import { tcpMedium, tcpTransport } from "./transports/tcp/tcp.ts";
import { udpTransport } from "./transports/udp/udp.ts";

/** How members may be linked; udp is experimental. */
export const transportKinds = ["tcp", "grpc", "udp"] as const;

/** One of them. */
export type TransportKind = (typeof transportKinds)[number];

type Maker = (options: LinkOptions, serve: ServeMore | undefined) => LinkedTransport;

const makers: Readonly<Record<TransportKind, Maker>> = {
  tcp: tcpTransport,
  grpc: (options, serve) => grpcTransport(options, "raft", serve),
  udp: (options) => udpTransport(options, tcpMedium),
};

/** What Protocol Buffers may take more than the native encoding of a message. */
const protobufBytesMore = 1024 * 1024;

/**
 * A transport of this kind, for messages of so many bytes in their native encoding; `serve` is for grpc alone.
 *
 * Throws `OptionError`.
 */
export function makeTransport(
  kind: TransportKind,
  messageBytesMax: number,
  { serve, ...options }: Pick<LinkOptions, "listen" | "notice" | "tls"> & { readonly serve?: ServeMore },
): LinkedTransport {
  const frameBytesMax = kind === "grpc" ? messageBytesMax + protobufBytesMore : messageBytesMax;
  return makers[kind]({ ...options, frameBytesMax }, serve);
}
