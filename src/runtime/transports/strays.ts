import type { NodeId } from "../../base/ids.ts";
import type { LinkStats } from "./transport.ts";

/** Distinct receivers that are told apart; frames to further ones are dropped uncounted. */
const peersMax = 64;

/** Counts frames that were sent to nobody: to ids that are not members. */
export class Strays {
  readonly #dropped = new Map<NodeId, number>();

  add(peer: NodeId): void {
    const known = this.#dropped.get(peer);
    if (known === undefined && this.#dropped.size >= peersMax) return;
    this.#dropped.set(peer, (known ?? 0) + 1);
  }

  /** The count of a peer that is now a member, which goes on counting for itself. */
  take(peer: NodeId): number {
    const count = this.#dropped.get(peer) ?? 0;
    this.#dropped.delete(peer);
    return count;
  }

  stats(): LinkStats[] {
    const idle = { up: false, framesSent: 0, framesReceived: 0, bytesQueued: 0 };
    return [...this.#dropped].map(([peer, framesDropped]) => ({ peer, ...idle, framesDropped }));
  }
}
