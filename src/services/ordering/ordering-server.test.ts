import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freeAddresses } from "../../../test/support/free-ports.ts";
import { GrpcClient } from "../../runtime/grpc/client.ts";
import { grpcStatus } from "../../runtime/grpc/status.ts";
import { orderMethod } from "./ordering.ts";
import { openOrderingServer } from "./ordering-server.ts";

test("an update that is sent again keeps its number; another under its name is refused", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "quorate-ordering-"));
  const members = await freeAddresses("0");
  const address = members["0"] as string;
  const [host = "", port] = address.split(":");
  const listen = { host, port: Number(port) };
  try {
    await using node = await openOrderingServer({ id: "0", members, listen, dataDir, notice: () => {} });
    await node.ready();
    const client = new GrpcClient({ ...listen });
    const order = (name: string, timestamp: number, text: string) =>
      client.unary(orderMethod, { client: name, timestamp, text }, { timeoutMs: 20_000 });
    const first = await order("late", 1, "x");
    let next = 0;
    const one = async (name: string) => {
      for (let t = 1; next++ < 100; t++) await order(name, t, "y");
    };
    await Promise.all(Array.from({ length: 64 }, (_, at) => one(`c${at}`)));

    expect(await order("late", 1, "x")).toBe(first);
    await expect(order("late", 1, "z")).rejects.toMatchObject({ status: grpcStatus.failedPrecondition });
    client.destroy();
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
