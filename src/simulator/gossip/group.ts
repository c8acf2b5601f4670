import { forkRandom, newRandom, nextBelow, type Random } from "../../base/random.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { GossipState, GossipVocabulary, Topology } from "../../protocols/gossip/index.ts";
import { difference } from "../../protocols/gossip/known/holdings.ts";
import { isInTree, type Peer } from "../../protocols/gossip/state.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { Action, Plan, PlannedCall } from "../plans/plan.ts";
import type { Owner } from "../protocol.ts";
import type { Group } from "../subject.ts";
import type { Trace } from "../trace.ts";
import { Ledger, type Life } from "./ledger.ts";
import { Loss } from "./loss.ts";
import { gossipProtocol, topologies } from "./protocol.ts";
import { GossipWatch } from "./watch.ts";

/** How often a client looks for a member that is up. */
const pauseMs = 40;

/** For so long a group at rest has to say nothing but hashes. */
const quietMs = 2000;

/** Payloads of a burst. */
const burstCount = 40;

/** A call: payloads of these sizes for everyone. */
export interface Submission {
  readonly sizes: readonly number[];
}

type GossipMember = Member<GossipVocabulary, GossipState>;

/** A gossip group under clients that submit payloads to whichever member is up. */
export class GossipGroup implements Group {
  readonly cluster: Cluster<Vocabulary, unknown>;
  readonly #gossip: Cluster<GossipVocabulary, GossipState>;
  readonly #ledger = new Ledger();
  readonly #lives = new Map<GossipMember, Life>();
  readonly #watch = new GossipWatch(() => this.#gossip.now);
  readonly #random: Random;
  #topology: Topology;
  #requests = 0;
  #arrangements = 0;
  #restAt: number | undefined;
  readonly #loss: Loss;

  constructor(plan: Plan, trace: Trace) {
    this.#loss = new Loss(Number(plan.members[0]?.options.loss ?? 0));
    this.#random = forkRandom(newRandom(plan.seed + 1));
    this.#topology = topologyOf(Number(plan.members[0]?.options.topology ?? 0));
    this.#gossip = new Cluster({
      protocol: gossipProtocol(plan.members, () => this.#topology),
      members: plan.members,
      world: plan.world,
      seed: plan.seed,
      watch: this.#watch,
      owner: (member, state) => this.#own(member, state),
      trace,
    });
    this.cluster = this.#gossip as unknown as Cluster<Vocabulary, unknown>;
    for (const { id } of plan.members) this.#gossip.start(id);
  }

  #own(member: GossipMember, { origin }: Readonly<GossipState>): Owner<GossipVocabulary> {
    const life = this.#ledger.begin(origin, this.#gossip.now);
    this.#lives.set(member, life);
    return {
      take: (output) => this.#ledger.take(life, output, this.#gossip.now),
      ended: () => {
        life.hasEnded = true;
      },
    };
  }

  /** Hands payloads to some member that is up; there may be none for a while. */
  call(planned: PlannedCall, done: () => void): void {
    const live = this.#gossip.members.filter((member) => member.isUp);
    const member = live[nextBelow(this.#random, live.length)];
    if (member === undefined) return this.#gossip.queue.after(pauseMs, () => this.call(planned, done));
    this.#submit(member.id, (planned.call as Submission).sizes); // drawn by the subject
    done();
  }

  #submit(id: string, sizes: readonly number[]): void {
    const payloads = sizes.map((size) => new Uint8Array(size));
    this.#gossip.request(id, { kind: "submit", id: ++this.#requests, payloads });
  }

  act(name: string, id: string, { pick }: Action): void {
    if (name === "burst") return this.#submit(id, Array(burstCount).fill(1 + (pick % 60)));
    this.#arrangements++;
    this.#topology = topologyOf(pick);
    for (const member of this.#gossip.members) {
      this.#gossip.request(member.id, { kind: "arrange", topology: this.#topology });
    }
  }

  canSpare(): boolean {
    return true;
  }

  /** Whatever is gone for good is noticed once somebody has something to say. */
  calm(): void {
    if (!this.#loss.strike(this.#gossip, this.#topology)) return;
    for (const { id, isUp } of this.#gossip.members) if (isUp) this.#submit(id, [1]);
  }

  /** At rest: all know the same, nothing waits for anybody, and for a while nobody says more than a hash. */
  unrest(): string | undefined {
    const unrest = this.#differences();
    if (unrest !== undefined) {
      this.#restAt = undefined;
      return unrest;
    }
    const { now } = this.#gossip;
    this.#restAt ??= now;
    const quietFor = now - Math.max(this.#restAt, this.#watch.unrestAt);
    return quietFor < quietMs ? "somebody says more than a hash" : undefined;
  }

  #differences(): string | undefined {
    const live = this.#gossip.members.filter((member) => member.isUp);
    const [first, ...others] = live;
    if (first === undefined) return "nobody is up";
    for (const member of [first, ...others]) {
      const { known, store, peers, isWhole, treeHash } = member.state;
      const lacking = difference(first.state.known, known).size + difference(known, first.state.known).size;
      if (lacking > 0) return `${member.id} and ${first.id} know different things`;
      const down = [...peers.values()].find(({ id, isDown }) => isDown && !this.#loss.has(member.id, id));
      if (down !== undefined) return `${member.id} takes ${down.id} for lost`;
      if (treeHash !== first.state.treeHash) return `${member.id} has another tree than ${first.id}`;
      if (this.#loss.member !== undefined) continue;
      if (!isWhole) return `${member.id} has a tree that does not reach everyone`;
      if (store.unstable.size > 0) return `${member.id} does not know that everyone has what it holds`;
    }
    return treeGap(live, this.#topology);
  }

  judge(): void {
    for (const [member, life] of this.#lives) if (member.isUp) this.#ledger.compare(life, member.state.known);
    this.#ledger.judge();
  }

  counts(): Readonly<Record<string, number>> {
    const { checks } = this.#watch;
    return { checks, arrangements: this.#arrangements, ...this.#ledger.counts };
  }
}

/** A tree of one's own joins all who live, and both ends of each of its links know of it. */
function treeGap(live: readonly GossipMember[], { kind }: Topology): string | undefined {
  if (kind !== "own") return undefined;
  let links = 0;
  for (const { id, state } of live) {
    for (const peer of state.peers.values()) {
      if (!isInTree(peer)) continue;
      const other = live.find((member) => member.id === peer.id);
      if (other === undefined) return `${id} hangs on ${peer.id}, which is gone`;
      if (!isInTree(other.state.peers.get(id) as Peer)) return `${peer.id} does not know that ${id} hangs on it`;
      if (peer.role === "above") links++;
    }
  }
  return links === live.length - 1 ? undefined : `${links} links join ${live.length} members`;
}

function topologyOf(number: number): Topology {
  return topologies[number % topologies.length] as Topology;
}
