import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { choosePorts, firstTaken, portSet } from "./ports.ts";

let blockers: Server[] = [];

afterEach(async () => {
  await Promise.all(blockers.map((server) => new Promise((resolve) => server.close(resolve))));
  blockers = [];
});

async function block(port: number): Promise<void> {
  const server = createServer();
  blockers.push(server);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
}

/** A block of ports below the ephemeral range, free at this moment. */
async function freeBase(count: number): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: count }, (_, place) => base + place);
    if ((await firstTaken(ports)) === undefined) return base;
  }
}

test("the usual ports are the documented ones, and no peer port lies in Linux's ephemeral range", () => {
  const nodes = portSet(9, undefined, 0);

  expect(nodes.slice(0, 5).map(({ http }) => http)).toEqual([12_380, 22_380, 32_380, 42_380, 52_380]);
  expect(nodes[0]).toEqual({ id: "n1", http: 12_380, peer: 12_379 });
  expect(Math.max(...nodes.map(({ peer }) => peer))).toBeLessThan(32_768);
});

test("no two ports of a set, or of the usual sets tried, are the same", () => {
  for (const base of [undefined, 20_000]) {
    const ports = [0, 1, 2].flatMap((attempt) => portSet(9, base, attempt).flatMap(({ http, peer }) => [http, peer]));
    expect(new Set(ports).size).toBe(ports.length);
  }
});

test("one taken port moves the whole set, and is named", async () => {
  const base = await freeBase(12);
  await block(base + 4);

  const { nodes, moved } = await choosePorts(3, base, false);

  expect(moved).toBe(base + 4);
  expect(nodes.map(({ http }) => http)).toEqual([base + 6, base + 7, base + 8]);
});

test("a strict set is refused when one port is taken", async () => {
  const base = await freeBase(6);
  await block(base);

  await expect(choosePorts(3, base, true)).rejects.toMatchObject({
    exit: 64,
    message: expect.stringContaining(`${base} is taken`),
  });
});

test("a base without room for a set is refused", async () => {
  await expect(choosePorts(9, 65_530, false)).rejects.toMatchObject({ exit: 64 });
});
