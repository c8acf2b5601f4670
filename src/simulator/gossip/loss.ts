import type { GossipState, GossipVocabulary, Topology } from "../../protocols/gossip/index.ts";
import type { Cluster } from "../cluster.ts";

/** What a group goes on without, for good: its least member, or the link between the two least. */
export class Loss {
  readonly #kind: number;
  member: string | undefined;
  #link: readonly string[] = [];

  /** 1: a member; 2: a link; else nothing. */
  constructor(kind: number) {
    this.#kind = kind;
  }

  /** Says whether anything was lost: only where links are our own, and enough of them are left. */
  strike(cluster: Cluster<GossipVocabulary, GossipState>, topology: Topology): boolean {
    const [least, next, ...others] = cluster.members.filter((member) => member.isUp);
    const hasWays = topology.kind === "own" && ["full", "ring"].includes(topology.over.kind) && others.length > 0;
    if (this.#kind === 0 || !hasWays || least === undefined || next === undefined) return false;
    if (this.#kind === 1) {
      this.member = least.id;
      cluster.crash(least.id, false);
      least.isLost = true;
    } else {
      this.#link = [least.id, next.id];
      cluster.network.cut(least.slot, next.slot);
      cluster.network.cut(next.slot, least.slot);
    }
    return true;
  }

  /** Whether `id` can never reach `other` again. */
  has(id: string, other: string): boolean {
    return this.member === other || (this.#link.includes(id) && this.#link.includes(other));
  }
}
