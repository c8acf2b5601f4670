/**
 * Raft and Multi-Paxos, each over tcp, grpc and udp, each on memory, wal and lmdb: commits a second and the time each
 * takes, with 1, 64 and 256 proposals of 64 bytes in flight at the leader. Three members, each a process of its own, on
 * loopback. The two protocols take turns on the same transport and storage; what is compared is the ratio of a round.
 *
 * `npx tsx bench/protocols.ts [seconds] [rounds] [--only=tcp/wal,…]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LogNode } from "../src/runtime/api.ts";
import { openNode } from "../src/runtime/open-node.ts";
import type { NodeOptions } from "../src/runtime/options.ts";
import { freeAddresses } from "../test/support/free-ports.ts";

const protocols = ["raft", "multi-paxos"] as const;
const transports = ["tcp", "grpc", "udp"] as const;
const storages = ["memory", "wal", "lmdb"] as const;
const flights = [1, 64, 256] as const;
const payload = new Uint8Array(64).fill(7);
const warmUpMs = 500;

type Protocol = (typeof protocols)[number];
type Asked = { readonly kind: "role" } | { readonly kind: "run"; readonly inFlight: number; readonly ms: number };

interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** A member, which does what it is asked until its parent is gone. */
async function beMember(options: NodeOptions): Promise<void> {
  const node = await openNode(options);
  void takeIn(node);
  process.on("message", async (asked: Asked) => {
    process.send?.(asked.kind === "role" ? node.status().role : await propose(node, asked.inFlight, asked.ms));
  });
  process.once("disconnect", async () => {
    await node.close();
    process.exit();
  });
  process.send?.("ready");
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
  took.sort((one, other) => one - other);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? 0;
  return { rate, p50: at(0.5), p99: at(0.99) };
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

async function measure(protocol: Protocol, transport: string, storage: string, ms: number): Promise<Figures[]> {
  await using trio = new Trio(protocol, transport, storage, await freeAddresses("a", "b", "c"));
  const leader = await trio.leader();
  const figures: Figures[] = [];
  for (const inFlight of flights) {
    await ask(leader, { kind: "run", inFlight, ms: warmUpMs });
    figures.push((await ask(leader, { kind: "run", inFlight, ms })) as Figures);
  }
  return figures;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function line(name: string, { rate, p50, p99 }: Figures, more = ""): void {
  const text = (value: number, digits: number): string => value.toFixed(digits).padStart(9);
  console.log(`${name.padEnd(34)}${text(rate, 0)}${text(p50, 2)}${text(p99, 2)}${more}`);
}

async function compare(transport: string, storage: string, ms: number, rounds: number): Promise<void> {
  const seen: Record<Protocol, Figures[][]> = { raft: [], "multi-paxos": [] };
  for (let round = 0; round < rounds; round++)
    for (const protocol of protocols) seen[protocol].push(await measure(protocol, transport, storage, ms));
  for (const [at, inFlight] of flights.entries()) {
    const rates = (protocol: Protocol): number[] => seen[protocol].map((run) => run[at]?.rate ?? 0);
    const ratios = rates("multi-paxos").map((rate, round) => rate / (rates("raft")[round] ?? 0));
    for (const protocol of protocols) {
      const of = (pick: keyof Figures): number => median(seen[protocol].map((run) => run[at]?.[pick] ?? 0));
      const figures = { rate: of("rate"), p50: of("p50"), p99: of("p99") };
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
      const more = protocol === "raft" ? "" : `   ${median(ratios).toFixed(2)} of raft (${least} to ${most})`;
      line(`${transport} ${storage}, ${inFlight} in flight, ${protocol}`, figures, more);
    }
  }
}

const [first, second] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
if (first === "member") await beMember(JSON.parse(second ?? "") as NodeOptions);
else {
  const only = process.argv
    .find((word) => word.startsWith("--only="))
    ?.slice("--only=".length)
    .split(",");
  console.log(`${"".padEnd(34)}commits/s   p50 ms   p99 ms`);
  for (const transport of transports)
    for (const storage of storages)
      if (only?.includes(`${transport}/${storage}`) !== false)
        await compare(transport, storage, Number(first ?? 2) * 1000, Number(second ?? 3));
}
