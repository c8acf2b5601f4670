import { afterAll } from "vitest";
import { type TransportNetwork, transportConformance } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import type { MemberTls } from "../../tls/credentials.ts";
import { parseAddress } from "../addresses.ts";
import type { LinkedTransport } from "../links/linked-transport.ts";
import { grpcTransport } from "./grpc.ts";

function loopback(tls?: MemberTls): TransportNetwork {
  return {
    open: ({ address = "127.0.0.1:0", queueBytesMax = 4 * 1024 * 1024 }) => {
      const { host, port } = parseAddress(address) ?? { host: "127.0.0.1", port: 0 };
      const frameBytesMax = Math.min(1024 * 1024, queueBytesMax - 5);
      return grpcTransport({ listen: { host, port }, frameBytesMax, queueBytesMax, notice: () => {}, tls });
    },
    addressOf: (transport) => `127.0.0.1:${(transport as LinkedTransport).port}`,
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 100_000,
  };
}

const authority = new Authority();
const anyone = authority.issue("anyone", ["a", "b", "c", "d", "10.0.0.1", "fd00::2"]);

afterAll(() => authority[Symbol.dispose]());

transportConformance("grpc", () => loopback());
transportConformance("grpc with TLS", () => loopback(anyone));
