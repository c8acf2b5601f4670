/**
 * Raft and Multi-Paxos, each over tcp, grpc and udp, each on memory, wal and lmdb: commits a second, the time each
 * takes, and the CPU of all members for one, with 1, 64 and 256 proposals of 64 bytes in flight at the leader. Three
 * members, each a process of its own, on loopback. The two protocols take turns on the same transport and storage; what
 * is compared is the ratio of a round. On a busy machine the ratio of CPU says more than that of commits.
 *
 * `npx tsc -b`, then `npx tsx bench/protocols.ts [seconds] [rounds] [--only=tcp/wal,…]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { distributionOf } from "../src/checker/operations/quantiles.ts";
import type { LogNode } from "../src/runtime/api.ts";
import type { NodeOptions } from "../src/runtime/options.ts";
import { freeAddresses } from "../test/support/free-ports.ts";

const protocols = ["raft", "multi-paxos"] as const;
const transports = ["tcp", "grpc", "udp"] as const;
const storages = ["memory", "wal", "lmdb"] as const;
const flights = [1, 64, 256] as const;
const payload = new Uint8Array(64).fill(7);
/** Enough for the compiler, once; and for what a load leaves behind, before each. */
const warmUpMs = 2000;
const pauseMs = 300;

type Protocol = (typeof protocols)[number];
type Asked =
  | { readonly kind: "role" }
  | { readonly kind: "cpu" }
  | { readonly kind: "run"; readonly inFlight: number; readonly ms: number };

interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The same, and us of CPU for each commit. */
interface Measured extends Figures {
  readonly cpu: number;
}

/** A member, which does what it is asked until its parent is gone. It runs what was built: that is what users have. */
async function beMember(options: NodeOptions): Promise<void> {
  const built = new URL("../dist/runtime/index.js", import.meta.url).href;
  const { openNode } = (await import(built)) as typeof import("../src/runtime/index.ts");
  const node = await openNode(options);
  void takeIn(node);
  process.on("message", async (asked: Asked) => {
    process.send?.(await answer(node, asked));
  });
  process.once("disconnect", async () => {
    await node.close();
    process.exit();
  });
  process.send?.("ready");
}

async function answer(node: LogNode, asked: Asked): Promise<unknown> {
  if (asked.kind === "role") return node.status().role;
  if (asked.kind === "run") return await propose(node, asked.inFlight, asked.ms);
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function takeIn(node: LogNode): Promise<void> {
  for await (const _ of node.committed({ from: 0 })); // asking for the next one is what acknowledges it
}

async function propose(node: LogNode, inFlight: number, ms: number): Promise<Figures> {
  const took: number[] = [];
  const start = performance.now();
  const proposer = async (): Promise<void> => {
    for (let at = performance.now(); at < start + ms; at = performance.now()) {
      await node.propose(payload);
      took.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, proposer));
  const rate = (took.length / (performance.now() - start)) * 1000;
  const { "0.5": p50 = 0, "0.99": p99 = 0 } = distributionOf(took) ?? {};
  return { rate, p50, p99 };
}

/** Three members, from their start to their end. */
class Trio implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "quorate-bench-"));
  readonly #children: readonly ChildProcess[];

  constructor(protocol: Protocol, transport: string, storage: string, members: Readonly<Record<string, string>>) {
    this.#children = Object.keys(members).map((id) => {
      const stored = storage === "memory" ? {} : { dataDir: join(this.#directory, id) };
      const options = { id, members, protocol, transport, storage, ...stored };
      return fork(fileURLToPath(import.meta.url), ["member", JSON.stringify(options)]);
    });
  }

  async leader(): Promise<ChildProcess> {
    await Promise.all(this.#children.map((child) => once(child, "message")));
    for (;;) {
      for (const child of this.#children) if ((await ask(child, { kind: "role" })) === "leader") return child;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** CPU of all members so far, in us. */
  async cpu(): Promise<number> {
    let sum = 0;
    for (const child of this.#children) sum += (await ask(child, { kind: "cpu" })) as number;
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#children.map((child) => once(child, "exit"));
    for (const child of this.#children) child.disconnect();
    await Promise.all(ended);
    rmSync(this.#directory, { recursive: true });
  }
}

async function ask(child: ChildProcess, asked: Asked): Promise<unknown> {
  child.send(asked);
  const [answer] = (await once(child, "message")) as [unknown];
  return answer;
}

async function measure(protocol: Protocol, transport: string, storage: string, ms: number): Promise<Measured[]> {
  await using trio = new Trio(protocol, transport, storage, await freeAddresses("a", "b", "c"));
  const leader = await trio.leader();
  await ask(leader, { kind: "run", inFlight: 64, ms: warmUpMs });
  const measured: Measured[] = [];
  for (const inFlight of flights) {
    await ask(leader, { kind: "run", inFlight, ms: pauseMs });
    const before = await trio.cpu();
    const figures = (await ask(leader, { kind: "run", inFlight, ms })) as Figures;
    const commits = (figures.rate * ms) / 1000;
    measured.push({ ...figures, cpu: ((await trio.cpu()) - before) / commits });
  }
  return measured;
}

function median(values: readonly number[]): number {
  return distributionOf(values)?.["0.5"] ?? 0;
}

function line(name: string, { rate, p50, p99, cpu }: Measured, more = ""): void {
  const text = (value: number, digits: number): string => value.toFixed(digits).padStart(9);
  console.log(`${name.padEnd(36)}${text(rate, 0)}${text(p50, 2)}${text(p99, 2)}${text(cpu, 1)}${more}`);
}

/** Run by run, what Multi-Paxos has for one of Raft. */
function ratios(seen: Record<Protocol, Measured[][]>, flight: number, pick: keyof Measured): string {
  const of = (protocol: Protocol): number[] => seen[protocol].map((run) => run[flight]?.[pick] ?? Number.NaN);
  const raft = of("raft");
  const each = of("multi-paxos").map((value, round) => value / (raft[round] ?? Number.NaN));
  return `${median(each).toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
}

async function compare(transport: string, storage: string, ms: number, rounds: number): Promise<void> {
  const seen: Record<Protocol, Measured[][]> = { raft: [], "multi-paxos": [] };
  for (let round = 0; round < rounds; round++)
    for (const protocol of protocols) seen[protocol].push(await measure(protocol, transport, storage, ms));
  for (const [flight, inFlight] of flights.entries())
    for (const protocol of protocols) {
      const of = (pick: keyof Measured): number => median(seen[protocol].map((run) => run[flight]?.[pick] ?? 0));
      const figures = { rate: of("rate"), p50: of("p50"), p99: of("p99"), cpu: of("cpu") };
      const isSecond = protocol === "multi-paxos";
      const more = isSecond ? `   ${ratios(seen, flight, "rate")}   ${ratios(seen, flight, "cpu")}` : "";
      line(`${transport} ${storage}, ${inFlight} in flight, ${protocol}`, figures, more);
    }
}

const [first, second] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
if (first === "member") await beMember(JSON.parse(second ?? "") as NodeOptions);
else {
  const only = process.argv
    .find((word) => word.startsWith("--only="))
    ?.slice("--only=".length)
    .split(",");
  console.log(`${"".padEnd(36)}commits/s   p50 ms   p99 ms   us CPU   to raft: commits, CPU`);
  for (const transport of transports)
    for (const storage of storages)
      if (only?.includes(`${transport}/${storage}`) !== false)
        await compare(transport, storage, Number(first ?? 2) * 1000, Number(second ?? 3));
}
