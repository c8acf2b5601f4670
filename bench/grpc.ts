/**
 * What one unary call with 256 bytes costs a server in CPU, and how many calls a second 64 callers on one connection
 * make: our gRPC server, and the one of `@grpc/grpc-js` with the same echo. Servers are processes of their own, in
 * turns; the caller is this process, the same for both.
 *
 * `npx tsx bench/grpc.ts [seconds]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import * as grpcJs from "@grpc/grpc-js";
import { distributionOf } from "../src/checker/operations/quantiles.ts";
import { GrpcClient } from "../src/runtime/grpc/client.ts";
import { GrpcServer } from "../src/runtime/grpc/server.ts";
import { echo, echoDefinition } from "../test/support/echo-service.ts";

const kinds = ["quorate", "grpc-js"] as const;
type Kind = (typeof kinds)[number];

const callers = 64;
const rounds = 5;
const warmUpMs = 1000;
const text = "x".repeat(256);

async function listenAs(kind: Kind): Promise<number> {
  if (kind === "quorate") {
    const server = new GrpcServer({ host: "127.0.0.1", port: 0 }).on(echo.once, (request) => request);
    await server.listen();
    return server.port;
  }
  const server = new grpcJs.Server();
  server.addService(echoDefinition as grpcJs.ServiceDefinition, {
    Once: (call: grpcJs.ServerUnaryCall<string, string>, answer: grpcJs.sendUnaryData<string>) =>
      answer(null, call.request),
  });
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpcJs.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

/** Tells its port, and whenever it is asked, the CPU it has used, in us. */
async function serve(kind: Kind): Promise<void> {
  process.send?.(await listenAs(kind));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.once("disconnect", () => process.exit());
}

async function heardFrom(child: ChildProcess): Promise<number> {
  const [value] = (await once(child, "message")) as [number];
  return value;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  return await heardFrom(child);
}

/** Calls for that long from `callers` callers; how many were answered. */
async function call(client: GrpcClient, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      if ((await client.unary(echo.once, text)) !== text) throw new Error("another text came back");
      calls++;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return calls;
}

interface Figures {
  readonly cpuUs: number;
  readonly rate: number;
}

async function measure(kind: Kind, seconds: number): Promise<Figures> {
  const child = fork(fileURLToPath(import.meta.url), ["serve", kind]);
  const client = new GrpcClient({ host: "127.0.0.1", port: await heardFrom(child) });
  await call(client, warmUpMs);
  const cpu = await cpuOf(child);
  const at = performance.now();
  const calls = await call(client, seconds * 1000);
  const took = performance.now() - at;
  const figures = { cpuUs: ((await cpuOf(child)) - cpu) / calls, rate: (calls / took) * 1000 };
  await client.close();
  child.disconnect();
  await once(child, "exit");
  return figures;
}

function median(values: readonly number[]): number {
  return distributionOf(values)?.["0.5"] ?? 0;
}

async function compare(seconds: number): Promise<void> {
  const seen: Record<Kind, Figures[]> = { quorate: [], "grpc-js": [] };
  console.log("            us CPU a call   calls/s");
  const line = (name: string, { cpuUs, rate }: Figures): void =>
    console.log(`${name.padEnd(16)}${cpuUs.toFixed(1).padStart(9)}${rate.toFixed(0).padStart(10)}`);
  for (let round = 0; round < rounds; round++)
    for (const kind of kinds) {
      const figures = await measure(kind, seconds);
      seen[kind].push(figures);
      line(kind, figures);
    }
  const ratios = seen.quorate.map(({ cpuUs }, round) => cpuUs / (seen["grpc-js"][round]?.cpuUs ?? Number.NaN));
  for (const kind of kinds) {
    const cpuUs = median(seen[kind].map((figures) => figures.cpuUs));
    line(`${kind}, median`, { cpuUs, rate: median(seen[kind].map(({ rate }) => rate)) });
  }
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  console.log(`CPU of quorate to that of grpc-js: ${median(ratios).toFixed(2)} (${least} to ${most})`);
}

const [first, second] = process.argv.slice(2);
if (first === "serve") await serve(second as Kind);
else await compare(Number(first ?? 3));
