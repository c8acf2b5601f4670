/**
 * How many entries a second can the pure Raft core agree on?
 *
 * Three members in one thread, no network, no disk, no codec: messages are handed over and records are durable at once.
 * Run: `npx tsx bench/core.ts [seconds]`. Compared with: the same loop with `inflight` 1, as a ratio.
 */
import type { Input } from "../src/protocols/core.ts";
import {
  firstMemory,
  Gate,
  type LogOutput,
  Raft,
  type RaftMessage,
  type RaftVocabulary,
} from "../src/protocols/raft/index.ts";

type RaftInput = Input<RaftVocabulary>;

interface Host {
  readonly id: string;
  readonly raft: Raft;
  readonly gate: Gate<RaftVocabulary>;
  inputs: RaftInput[];
  durable: number;
  committed: number;
}

const ids = ["a", "b", "c"];

function newHosts(): Map<string, Host> {
  const members = ids.map((id) => ({ id, address: id }));
  return new Map(
    ids.map((id, at) => {
      const raft = new Raft({ id, seed: at + 1 }, { memory: firstMemory(members) });
      return [id, { id, raft, gate: new Gate(raft), inputs: [], durable: 0, committed: 0 }];
    }),
  );
}

function step(hosts: Map<string, Host>, host: Host): void {
  const { inputs } = host;
  host.inputs = [];
  host.gate.step(inputs, 0, {
    send: (to: string, message: RaftMessage) => hosts.get(to)?.inputs.push({ kind: "receive", from: host.id, message }),
    persist: (records) => {
      host.durable += records.length;
      host.inputs.push({ kind: "persisted", count: host.durable });
    },
    output: (output: LogOutput) => {
      if (output.kind !== "committed") return;
      host.committed = output.from + output.entries.length - 1;
      host.inputs.push({ kind: "request", request: { kind: "applied", index: host.committed } });
    },
  });
}

function settle(hosts: Map<string, Host>): void {
  for (let busy = true; busy; ) {
    busy = false;
    for (const host of hosts.values()) {
      if (host.inputs.length === 0) continue;
      busy = true;
      step(hosts, host);
    }
  }
}

function elect(hosts: Map<string, Host>): Host {
  for (;;) {
    for (const host of hosts.values()) {
      host.inputs.push({ kind: "tick" });
      step(hosts, host);
      settle(hosts);
      if (host.raft.inspect().role === "leader") return host;
    }
  }
}

function measure(inflight: number, seconds: number): number {
  const hosts = newHosts();
  const leader = elect(hosts);
  const payload = new Uint8Array(64).fill(120);
  let id = 0;
  const round = () => {
    for (let count = 0; count < inflight; count++) {
      leader.inputs.push({ kind: "request", request: { kind: "propose", id: ++id, payloads: [payload] } });
    }
    settle(hosts);
  };
  for (let count = 0; count < 200_000 / inflight; count++) round();
  const before = leader.committed;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) for (let count = 0; count < 100; count++) round();
  return (leader.committed - before) / ((performance.now() - start) / 1000);
}

const seconds = Number(process.argv[2] ?? 2);
const base = measure(1, seconds);
for (const inflight of [1, 64, 1024]) {
  const rates = [1, 2, 3].map(() => (inflight === 1 ? base : measure(inflight, seconds))).sort((x, y) => x - y);
  const [least = 0, median = 0, most = 0] = rates;
  const show = (rate: number) => `${(rate / 1e6).toFixed(2)} M`;
  console.log(
    `${String(inflight).padStart(5)} in flight: ${show(median)} commits/s (${show(least)} to ${show(most)}), ${(median / base).toFixed(1)} x 1 in flight`,
  );
}
