import { type TransportNetwork, transportConformance } from "../../../../test/conformance/transport.ts";
import type { Transport } from "../transport.ts";
import { parseAddress } from "./addresses.ts";
import { type TcpTransport, tcpTransport } from "./tcp.ts";

function loopback(): TransportNetwork {
  const ports = (transport: Transport) => (transport as TcpTransport).port;
  return {
    open: ({ address = "127.0.0.1:0", queueBytesMax = 4 * 1024 * 1024 }) => {
      const { host, port } = parseAddress(address) ?? { host: "127.0.0.1", port: 0 };
      const frameBytesMax = Math.min(1024 * 1024, queueBytesMax - 5);
      return tcpTransport({ listen: { host, port }, frameBytesMax, queueBytesMax, notice: () => {} });
    },
    addressOf: (transport) => `127.0.0.1:${ports(transport)}`,
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 100_000,
  };
}

transportConformance("tcp", loopback);
