/**
 * How many messages a second do 3 and 5 local members deliver, and how long does one take?
 *
 * Each member is a process. Senders are spread over the members; each multicasts 256 bytes, waits for the delivery, and
 * goes on. Compared with: the same members over Raft with its log in memory, in the same run. "Idle" is one sender at a
 * time with pauses. Run: `npx tsx bench/broadcast.ts [seconds]`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
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

async function run(sender: Sender, { senders, ms, pauseMs }: Load): Promise<Done> {
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
  process.on("message", async (load: Load) => process.send?.(await run(sender, load)));
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

async function compare(count: number, seconds: number): Promise<void> {
  const loads = [
    { name: "idle", senders: 1, pauseMs: 2 },
    { name: "1 sender", senders: 1, pauseMs: 0 },
    { name: "64 senders", senders: 64, pauseMs: 0 },
    { name: "1024 senders", senders: 1024, pauseMs: 0 },
  ];
  const rates = new Map<string, number>();
  for (const protocol of ["raft", "total-order"] as const) {
    const members = await Members.start(protocol, count);
    await members.load(64, 1500); // warm up
    for (const { name, senders, pauseMs } of loads) {
      const { rate, p50, p99, cpu } = await members.load(senders, seconds * 1000, pauseMs);
      const former = rates.get(name);
      rates.set(name, rate);
      const ratio = former === undefined ? "" : `, ${(rate / former).toFixed(2)} x raft`;
      const figures = `${Math.round(rate).toLocaleString("en").padStart(8)} deliveries/s${ratio}`;
      const times = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${cpu.toFixed(1)} us CPU a delivery`;
      console.log(`${count} members, ${protocol.padEnd(11)} ${name.padEnd(12)} ${figures}, ${times}`);
    }
    await members.stop();
  }
}

const [first, protocol, listen = "", ...seeds] = process.argv.slice(2);
if (first === "member") await beMember(protocol as Protocol, listen, seeds);
else for (const count of [3, 5]) await compare(count, Number(first ?? 5));
