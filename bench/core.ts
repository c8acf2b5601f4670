/**
 * How many entries can the pure cores agree on in a second of CPU time?
 *
 * Three members in one thread, no network, no disk, no codec: messages are handed over and records are durable at once.
 * CPU time, the garbage collector's included, so that a busy machine says the same as an idle one.
 * Run: `npx tsx bench/core.ts [seconds]`. Compared with: the same loop with `inflight` 1, as a ratio, and with Raft.
 */
import type { Core, Input, Vocabulary } from "../src/protocols/core.ts";
import { firstMemory as firstPaxosMemory, MultiPaxos } from "../src/protocols/multi-paxos/index.ts";
import { Gate } from "../src/protocols/outbox.ts";
import { firstMemory, type LogOutput, type LogRequest, Raft } from "../src/protocols/raft/index.ts";

/** The words of any replicated log. */
interface LogVocabulary extends Vocabulary {
  readonly request: LogRequest;
  readonly output: LogOutput;
}

/** Any core of a replicated log, as far as it is looked at here. */
type LogCore = Core<LogVocabulary, { readonly role: string }>;

interface Host {
  readonly id: string;
  readonly core: LogCore;
  readonly gate: Gate<LogVocabulary>;
  inputs: Input<LogVocabulary>[];
  durable: number;
  committed: number;
}

const ids = ["a", "b", "c"];
const members = ids.map((id) => ({ id, address: id }));

const protocols: Readonly<Record<string, (id: string, seed: number) => LogCore>> = {
  raft: (id, seed) => new Raft({ id, seed }, { memory: firstMemory(members) }) as LogCore,
  "multi-paxos": (id, seed) => new MultiPaxos({ id, seed }, { memory: firstPaxosMemory(members) }) as LogCore,
};

function newHosts(newCore: (id: string, seed: number) => LogCore): Map<string, Host> {
  return new Map(
    ids.map((id, at) => {
      const core = newCore(id, at + 1);
      return [id, { id, core, gate: new Gate(core), inputs: [], durable: 0, committed: 0 }];
    }),
  );
}

function step(hosts: Map<string, Host>, host: Host): void {
  const { inputs } = host;
  host.inputs = [];
  host.gate.step(inputs, 0, {
    send: (to: string, message: unknown) => hosts.get(to)?.inputs.push({ kind: "receive", from: host.id, message }),
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
      if (host.core.inspect().role === "leader") return host;
    }
  }
}

function cpuSeconds(): number {
  return process.cpuUsage().user / 1e6;
}

function measure(name: string, inflight: number, seconds: number): number {
  const hosts = newHosts(protocols[name] as (typeof protocols)[string]);
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
  const start = cpuSeconds();
  while (cpuSeconds() - start < seconds) for (let count = 0; count < 100; count++) round();
  return (leader.committed - before) / (cpuSeconds() - start);
}

const seconds = Number(process.argv[2] ?? 2);
const show = (rate: number) => `${(rate / 1e6).toFixed(2)} M`;
const raftRates = new Map<number, number>();
for (const name of Object.keys(protocols)) {
  const base = measure(name, 1, seconds);
  for (const inflight of [1, 64, 1024]) {
    const rates = [1, 2, 3].map(() => (inflight === 1 ? base : measure(name, inflight, seconds))).sort((x, y) => x - y);
    const [least = 0, median = 0, most = 0] = rates;
    if (name === "raft") raftRates.set(inflight, median);
    const ratio = median / (raftRates.get(inflight) ?? median);
    console.log(
      `${name} ${String(inflight).padStart(5)} in flight: ${show(median)} commits/s (${show(least)} to ${show(most)}), ` +
        `${(median / base).toFixed(1)} x 1 in flight, ${ratio.toFixed(2)} x raft`,
    );
  }
}
