import { afterAll, expect, test } from "vitest";
import { RecordingOwner, type TransportNetwork, transportConformance } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import type { MemberTls } from "../../tls/credentials.ts";
import { parseAddress } from "../addresses.ts";
import type { LinkedTransport } from "../links/linked-transport.ts";
import { tcpMedium, tcpTransport } from "../tcp/tcp.ts";
import { udpTransport } from "./udp.ts";

function loopback(tls?: MemberTls): TransportNetwork {
  return {
    open: ({ address = "127.0.0.1:0", queueBytesMax = 4 * 1024 * 1024 }) => {
      const { host, port } = parseAddress(address) ?? { host: "127.0.0.1", port: 0 };
      const frameBytesMax = Math.min(1024 * 1024, queueBytesMax - 5);
      return udpTransport({ listen: { host, port }, frameBytesMax, queueBytesMax, notice: () => {}, tls }, tcpMedium);
    },
    addressOf: (transport) => `127.0.0.1:${(transport as LinkedTransport).port}`,
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 100_000,
  };
}

const authority = new Authority();
const anyone = authority.issue("anyone", ["a", "b", "c", "d", "10.0.0.1", "fd00::2"]);

afterAll(() => authority[Symbol.dispose]());

transportConformance("udp", () => loopback());
transportConformance("udp with TLS", () => loopback(anyone));

test("a member with tcp and one with udp refuse each other, and both say why, once", async () => {
  const listen = { host: "127.0.0.1", port: 0 };
  const [atTcp, atUdp]: [string[], string[]] = [[], []];
  const tcp = tcpTransport({ listen, notice: (_, text) => atTcp.push(text), random: () => 0 });
  const udp = udpTransport({ listen, notice: (_, text) => atUdp.push(text), random: () => 0 }, tcpMedium);
  const owners = [new RecordingOwner("a", "c"), new RecordingOwner("b", "c")] as const;
  await Promise.all([tcp.start(owners[0]), udp.start(owners[1])]);

  tcp.setMembers([{ id: "b", address: `127.0.0.1:${udp.port}` }]);
  udp.setMembers([{ id: "a", address: `127.0.0.1:${tcp.port}` }]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.all([tcp.close(), udp.close()]);

  expect(atTcp).toHaveLength(2);
  expect(atUdp).toHaveLength(2);
  expect([...atTcp, ...atUdp].filter((text) => text.includes("cluster c over udp")).length).toBeGreaterThanOrEqual(2);
  expect([...owners[0].links, ...owners[1].links]).toEqual([]);
});
