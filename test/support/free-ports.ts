import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Ports of the loopback interface on which nobody listened a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Addresses for members of these names. */
export async function freeAddresses(...ids: readonly string[]): Promise<Record<string, string>> {
  const ports = await freePorts(ids.length);
  return Object.fromEntries(ids.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
}
