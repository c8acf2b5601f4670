import type { LogProtocolName } from "./protocols/kinds.ts";
import { grpcTransport, protobufBytesMore } from "./transports/grpc/grpc.ts";
import type { LinkedTransport, LinkOptions } from "./transports/links/linked-transport.ts";
import { tcpMedium, tcpTransport } from "./transports/tcp/tcp.ts";
import { udpTransport } from "./transports/udp/udp.ts";

/** How members may be linked; udp is experimental. */
export const transportKinds = ["tcp", "grpc", "udp"] as const;

/** One of them. */
export type TransportKind = (typeof transportKinds)[number];

/** What carries the messages of a protocol. */
type Maker = (options: LinkOptions, protocol: LogProtocolName) => LinkedTransport;

const makers: Readonly<Record<TransportKind, Maker>> = {
  tcp: tcpTransport,
  grpc: (options, protocol) => grpcTransport(options, protocol),
  udp: (options) => udpTransport(options, tcpMedium),
};

/**
 * A transport of this kind, for messages of so many bytes in their native encoding, of a protocol (default `raft`) that
 * must be said where each has a schema of its own: gRPC. Throws `OptionError`.
 */
export function makeTransport(
  kind: TransportKind,
  messageBytesMax: number,
  options: Pick<LinkOptions, "listen" | "notice" | "tls"> & { readonly protocol?: LogProtocolName | undefined },
): LinkedTransport {
  const { protocol = "raft", ...given } = options;
  const frameBytesMax = kind === "grpc" ? messageBytesMax + protobufBytesMore : messageBytesMax;
  return makers[kind]({ ...given, frameBytesMax }, protocol);
}
