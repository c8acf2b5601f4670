/**
 * How many messages a second do 3 and 5 local members deliver, and how long does one take?
 *
 * Each member is a process. Senders are spread over the members; each multicasts 256 bytes, waits for the delivery, and
 * goes on. Compared with: as many members of Raft with its log in memory, load by load in the same run; and a bare
 * round trip over TCP. "Idle" is one sender with pauses. Run: `npx tsx bench/broadcast.ts [seconds]`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { joinGroup, openNode } from "../src/runtime/index.ts";

type Protocol = "total-order" | "raft";

/** What a member is told to do for a while. */
interface Load {
  readonly senders: number;
  readonly ms: number;
  /** Between two messages of a sender. */
  readonly pauseMs: number;
}

/** What it did. Latencies in ms, sorted. */
interface Done {
  readonly delivered: number;
  readonly latencies: readonly number[];
  readonly cpuMs: number;
}

/** A member, whatever it runs on. */
interface Sender {
  send(payload: Uint8Array): Promise<unknown>;
  delivered(): number;
}

const payload = new Uint8Array(256).fill(7);

async function totalOrder(listen: string, seeds: readonly string[]): Promise<Sender> {
  const group = await joinGroup({ name: "bench", listen, seeds, encoding: "bytes", timeoutMs: 60_000 });
  let delivered = 0;
  void (async () => {
    for await (const _ of group) delivered++;
  })();
  return { send: (bytes) => group.multicast(bytes), delivered: () => delivered };
}

async function raft(listen: string, seeds: readonly string[]): Promise<Sender> {
  const members = Object.fromEntries(seeds.map((address, at) => [`n${at + 1}`, address]));
  const id = `n${seeds.indexOf(listen) + 1}`;
  const node = await openNode({ id, members, storage: "memory", timeoutMs: 60_000 });
  let delivered = 0;
  let kept = 0;
  void (async () => {
    for await (const delivery of node.committed({ from: 0 })) {
      if (delivery.kind !== "entries") continue;
      delivered += delivery.entries.length;
      const last = delivery.entries.at(-1)?.index ?? 0;
      if (last - kept < 100_000) continue; // a log in memory must be cut, or the collector takes over
      kept = last - delivery.entries.length;
      if (node.status().applied >= kept) await node.saveSnapshot(kept, [payload]);
    }
  })();
  await node.ready();
  return { send: (bytes) => node.propose(bytes), delivered: () => delivered };
}

async function work(sender: Sender, { senders, ms, pauseMs }: Load): Promise<Done> {
  const latencies: number[] = [];
  const end = performance.now() + ms;
  const before = sender.delivered();
  const cpu = process.cpuUsage();
  const sendAll = async (): Promise<void> => {
    for (let now = performance.now(); now < end; now = performance.now()) {
      await sender.send(payload);
      latencies.push(performance.now() - now);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: senders }, sendAll));
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - performance.now())));
  const { user, system } = process.cpuUsage(cpu);
  return { delivered: sender.delivered() - before, latencies, cpuMs: (user + system) / 1000 };
}

async function beMember(protocol: Protocol, listen: string, seeds: readonly string[]): Promise<void> {
  process.on("disconnect", () => process.exit());
  const sender = await (protocol === "raft" ? raft : totalOrder)(listen, seeds);
  process.send?.("ready");
  process.on("message", async (load: Load) => process.send?.(await work(sender, load)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Processes of one protocol, and what they do together. */
class Members {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  static async start(protocol: Protocol, count: number): Promise<Members> {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const seeds = ports.map((port) => `127.0.0.1:${port}`);
    const children = seeds.map((listen) =>
      fork(fileURLToPath(import.meta.url), ["member", protocol, listen, ...seeds], { execArgv: ["--import", "tsx"] }),
    );
    await Promise.all(children.map((child) => once(child, "message")));
    return new Members(children);
  }

  /** Rate over all members, and latencies over all senders. */
  async load(
    senders: number,
    ms: number,
    pauseMs = 0,
  ): Promise<{ rate: number; p50: number; p99: number; cpu: number }> {
    const count = this.#children.length;
    const done = await Promise.all(
      this.#children.map(async (child, at) => {
        const own = Math.floor(senders / count) + (at < senders % count ? 1 : 0);
        child.send({ senders: own, ms, pauseMs } satisfies Load);
        const [answer] = await once(child, "message");
        return answer as Done;
      }),
    );
    const latencies = done.flatMap((each) => each.latencies).sort((left, right) => left - right);
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
    const delivered = done.reduce((sum, each) => sum + each.delivered, 0);
    const cpuMs = done.reduce((sum, each) => sum + each.cpuMs, 0);
    return { rate: (delivered * 1000) / ms, p50: at(0.5), p99: at(0.99), cpu: (cpuMs * 1000) / delivered };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const ended = once(child, "exit");
        child.disconnect();
        await ended;
      }),
    );
  }
}

const loads = [
  { name: "idle", senders: 1, pauseMs: 2 },
  { name: "1 sender", senders: 1, pauseMs: 0 },
  { name: "64 senders", senders: 64, pauseMs: 0 },
  { name: "1,024 senders", senders: 1024, pauseMs: 0 },
];

/** The median time of 256 bytes to another process and back, with the pauses of "idle". */
async function roundTripMs(seconds: number): Promise<number> {
  const echo = fork(fileURLToPath(import.meta.url), ["echo"], { execArgv: ["--import", "tsx"] });
  const [port] = await once(echo, "message");
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const times: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const from = performance.now();
    socket.write(payload);
    for (let bytes = 0; bytes < payload.length; bytes += (await once(socket, "data"))[0].length);
    times.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  socket.destroy();
  echo.disconnect();
  await once(echo, "exit");
  return times.sort((left, right) => left - right)[times.length >> 1] ?? Number.NaN;
}

async function beEcho(): Promise<void> {
  process.on("disconnect", () => process.exit());
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
}

async function compare(count: number, seconds: number): Promise<void> {
  const all = new Map<Protocol, Members>();
  for (const protocol of ["raft", "total-order"] as const) all.set(protocol, await Members.start(protocol, count));
  for (const members of all.values()) await members.load(64, 2000); // warm up
  for (const { name, senders, pauseMs } of loads) {
    let former: number | undefined;
    for (const [protocol, members] of all) {
      const { rate, p50, p99, cpu } = await members.load(senders, seconds * 1000, pauseMs);
      const ratio = former === undefined ? "" : `, ${(rate / former).toFixed(2)} x raft`;
      former = rate;
      const figures = `${Math.round(rate).toLocaleString("en").padStart(8)} deliveries/s${ratio}`;
      const times = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${cpu.toFixed(1)} us CPU a delivery`;
      console.log(`${count} members, ${name.padEnd(13)} ${protocol.padEnd(11)} ${figures}, ${times}`);
    }
  }
  for (const members of all.values()) await members.stop();
}

async function run(seconds: number): Promise<void> {
  for (const count of [3, 5]) {
    console.log(`a round trip over TCP, idle: p50 ${(await roundTripMs(seconds)).toFixed(2)} ms`);
    await compare(count, seconds);
  }
}

const [first, protocol, listen = "", ...seeds] = process.argv.slice(2);
if (first === "member") await beMember(protocol as Protocol, listen, seeds);
else if (first === "echo") await beEcho();
else await run(Number(first ?? 5));
