import { once } from "node:events";
import { createServer } from "node:net";

/** Free ports below those that Linux gives to outgoing connections, so that they are still free after a restart. */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 13_000 + Math.floor(Math.random() * 18_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}

/** Addresses for members of these names. */
export async function freeAddresses(...ids: readonly string[]): Promise<Record<string, string>> {
  const ports = await freePorts(ids.length);
  return Object.fromEntries(ids.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
}
