import { vi } from "vitest";
import type { Machine } from "../../src/machines/machine.ts";
import type { LogNode, MachineNode, NodeBase } from "../../src/runtime/api.ts";
import { openWal } from "../../src/runtime/logs/wal/wal.ts";
import { startNode } from "../../src/runtime/open-node.ts";
import { checkOptions, type NodeConfig, type NodeOptions } from "../../src/runtime/options.ts";
import { logProtocol } from "../../src/runtime/protocols/log-protocols.ts";
import { openSnapshots } from "../../src/runtime/snapshots/files.ts";
import { recoverStorage, type Storage } from "../../src/runtime/storage.ts";
import { type FaultRule, type FaultyTransport, withFaults } from "../../src/runtime/transports/faults.ts";
import { MemoryNetwork } from "../../src/runtime/transports/memory.ts";
import type { Transport } from "../../src/runtime/transports/transport.ts";
import { MemoryDisk } from "./disk.ts";
import { testedProtocol } from "./tested-protocol.ts";

/** Elections after 50 to 100 ms; the protocol that is tested. */
export const quick = { tickMs: 5, electionTicks: 10, heartbeatTicks: 2, protocol: testedProtocol } as const;

/** What tests that hold for both must know of each. */
export const tested = {
  raft: {
    /** Entries that a leader opens its term with. */
    openingCount: 1,
    question: "barrier",
    /** What a leader sends to have an entry stored, the answer, and the answer to who sent it the entry. */
    offer: "append",
    accepted: "appendReply",
    forwarded: "forwardReply",
    /** Of a leader that lost the others. */
    lonelyRole: "follower",
  },
  "multi-paxos": {
    openingCount: 0,
    question: "read",
    offer: "proposal",
    accepted: "accept",
    forwarded: "none",
    lonelyRole: "candidate",
  },
}[testedProtocol];

/** How a cluster is made. */
export interface ClusterOptions {
  /** How many members. Default 3. */
  readonly size?: number;
  readonly node?: Partial<NodeOptions>;
}

interface Member<Node> {
  readonly node: Node;
  readonly transport: FaultyTransport;
  readonly rules: Map<string, FaultRule>;
  /** Messages that get lost on their way out, as "peer kind". */
  readonly lost: Set<string>;
}

/** Real nodes in this process, each with a write-ahead log on a disk in memory, and ways to disturb them. */
export class Cluster<Node extends NodeBase> implements AsyncDisposable {
  readonly ids: readonly string[];
  /** What the nodes told their operator. */
  readonly notices: string[] = [];
  readonly #start: (config: NodeConfig, storage: Storage) => Promise<Node>;
  readonly #options: Partial<NodeOptions>;
  readonly #network = new MemoryNetwork();
  readonly #disks = new Map<string, MemoryDisk>();
  readonly #members = new Map<string, Member<Node>>();
  readonly #ending: Promise<void>[] = [];

  constructor(start: (config: NodeConfig, storage: Storage) => Promise<Node>, { size = 3, node = {} }: ClusterOptions) {
    this.ids = Array.from({ length: size }, (_, at) => `n${at + 1}`);
    this.#start = start;
    this.#options = node;
  }

  node(id: string): Node {
    return this.#member(id).node;
  }

  get nodes(): readonly Node[] {
    return [...this.#members.values()].map(({ node }) => node);
  }

  disk(id: string): MemoryDisk {
    const disk = this.#disks.get(id) ?? new MemoryDisk();
    this.#disks.set(id, disk);
    return disk;
  }

  /** Starts a member, on its disk as it is. */
  async open(id: string, given: Partial<NodeOptions> = {}): Promise<Node> {
    return await this.openAt(id, addressOf(id), given);
  }

  /** Starts a member at an address that it did not have before. */
  async openAt(id: string, address: string, given: Partial<NodeOptions> = {}): Promise<Node> {
    const lost = new Set<string>();
    const transport = withFaults(withLoss(this.#network.transport(address), lost));
    const members = Object.fromEntries(this.ids.map((other) => [other, addressOf(other)]));
    const notice = (_level: string, text: string) => this.notices.push(text);
    const own = { ...quick, id, members, transport, notice } as const;
    const config = checkOptions({ ...own, ...this.#options, ...given, storage: "memory" });
    const files = this.disk(id);
    const storage = await recoverStorage(config, {
      clusterId: config.clusterId,
      log: await openWal({ directory: "wal", files, segmentBytesMax: 256 * 1024 }),
      snapshots: await openSnapshots({ directory: "snapshots", files }),
      release: async () => {},
    });
    const node = await this.#start(config, storage);
    this.#members.set(id, { node, transport, rules: new Map(), lost });
    return node;
  }

  async openAll(): Promise<this> {
    await Promise.all(this.ids.map((id) => this.open(id)));
    await this.leader();
    return this;
  }

  /** Ends a member as a power cut would: what it had stored by now is what the next `open` finds. */
  async crash(id: string): Promise<void> {
    const { node, transport } = this.#member(id);
    this.#members.delete(id);
    this.#disks.set(id, this.disk(id).copy());
    await transport.close();
    this.#ending.push(node.close());
  }

  /** No frame passes from `source` to `target`; the link seems up. */
  cutWay(source: string, target: string): void {
    this.#rule(source, target, { peer: target, cut: true });
  }

  delayWay(source: string, target: string, delayMs: number): void {
    this.#rule(source, target, { peer: target, delayMs });
  }

  /** Messages of one kind get lost from `source` to `target`; all others arrive. */
  loseKind(source: string, target: string, kind: string): void {
    this.#member(source).lost.add(`${target} ${kind}`);
  }

  /** Cuts a member off from all others. */
  isolate(id: string): void {
    for (const other of this.ids) {
      if (other === id) continue;
      this.cutWay(id, other);
      if (this.#members.has(other)) this.cutWay(other, id);
    }
  }

  heal(): void {
    for (const { transport, rules, lost } of this.#members.values()) {
      lost.clear();
      rules.clear();
      transport.setFaults([]);
    }
  }

  /** The member that leads, in the newest term, and is not `other`. */
  async leader(other?: string): Promise<Node> {
    return await vi.waitFor(() => {
      const leaders = this.nodes.filter((node) => node.id !== other && node.status().role === "leader");
      const newest = leaders.sort((one, two) => two.status().term - one.status().term)[0];
      if (newest === undefined) throw new Error("no member leads");
      return newest;
    }, patience);
  }

  /** A member that follows the leader. */
  async follower(): Promise<Node> {
    return await vi.waitFor(() => {
      const found = this.nodes.find((node) => node.status().role === "follower" && node.status().healthy);
      if (found === undefined) throw new Error("no member follows");
      return found;
    }, patience);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#ending, ...this.nodes.map((node) => node.close())]);
  }

  #member(id: string): Member<Node> {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`${id} does not run`);
    return member;
  }

  #rule(source: string, target: string, rule: FaultRule): void {
    const { transport, rules } = this.#member(source);
    rules.set(target, rule);
    transport.setFaults([...rules.values()]);
  }
}

const { native } = logProtocol(testedProtocol).codecs;

function withLoss(inner: Transport, lost: ReadonlySet<string>): Transport {
  return {
    start: (owner) => inner.start(owner),
    setMembers: (members) => inner.setMembers(members),
    send: (to, frame) => {
      if (lost.size === 0 || !lost.has(`${to} ${native.decode(frame).kind}`)) inner.send(to, frame);
    },
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
}

/** How long tests wait for what should come in milliseconds, in ms. */
const patience = { timeout: 10_000, interval: 5 };

/** Makes the same call until it no longer throws, or for ten seconds. */
export async function eventually<Value>(attempt: () => Value | Promise<Value>): Promise<Value> {
  return await vi.waitFor(attempt, patience);
}

/** A running cluster of a machine. */
export async function machineCluster<State, Command, Answer, Question, Reply>(
  machine: Machine<State, Command, Answer, Question, Reply>,
  options: ClusterOptions = {},
): Promise<Cluster<MachineNode<Command, Answer, Question, Reply>>> {
  type Node = MachineNode<Command, Answer, Question, Reply>;
  const start = async (config: NodeConfig, storage: Storage) => (await startNode(config, storage, machine)) as Node;
  return await new Cluster(start, options).openAll();
}

/** A running cluster whose users keep the state themselves. */
export async function logCluster(options: ClusterOptions = {}): Promise<Cluster<LogNode>> {
  const start = async (config: NodeConfig, storage: Storage) =>
    (await startNode(config, storage, undefined)) as LogNode;
  return await new Cluster(start, options).openAll();
}

function addressOf(id: string): string {
  return `${id}:1`;
}
