import { afterAll, expect, test } from "vitest";
import { loopback, RecordingOwner, transportConformance } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import { tcpMedium, tcpTransport } from "../tcp/tcp.ts";
import { udpTransport } from "./udp.ts";

const authority = new Authority();
const anyone = authority.issue("anyone", ["a", "b", "c", "d", "10.0.0.1", "fd00::2"]);

afterAll(() => authority[Symbol.dispose]());

transportConformance("udp", () => loopback((options) => udpTransport(options, tcpMedium)));
transportConformance("udp with TLS", () => loopback((options) => udpTransport(options, tcpMedium), anyone));

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
