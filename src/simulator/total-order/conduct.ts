import { invariant } from "../../base/invariant.ts";
import type { TotalOrderMessage, TotalOrderState } from "../../protocols/total-order/index.ts";
import { isWedged, self } from "../../protocols/total-order/state.ts";

/** Ticks last from 14 to 30 ms in any world; here with something to spare. */
const tickMsMin = 10;
const tickMsMax = 40;

/** What one run of a process said and had reason to say, and since when it owes whom a repeat. */
interface Life {
  readonly startedAt: number;
  steppedAt: number;
  nulls: number;
  prompts: number;
  readonly owingSince: Map<string, number>;
}

/** That members speak when they must, and no more often than they have reason to: order alone would not show it. */
export class Conduct {
  readonly #now: () => number;
  readonly #nodeCount: number;
  readonly #lives = new Map<string, Life>();

  constructor(now: () => number, nodeCount: number) {
    this.#now = now;
    this.#nodeCount = nodeCount;
  }

  started(id: string): void {
    const now = this.#now();
    this.#lives.set(id, { startedAt: now, steppedAt: now, nulls: 0, prompts: 0, owingSince: new Map() });
  }

  sent(id: string, to: string, { kind }: TotalOrderMessage): void {
    const life = this.#lives.get(id);
    if (life !== undefined && kind === "null") life.nulls++;
    if (life !== undefined && kind === "data") life.owingSince.set(to, this.#now());
    const other = this.#lives.get(to);
    if (other !== undefined && kind !== "null") other.prompts++;
  }

  stepped(id: string, state: Readonly<TotalOrderState>): void {
    const life = this.#lives.get(id);
    if (life === undefined) return;
    this.#checkTraffic(id, life);
    if (state.phase === "member" && !isWedged(state)) this.#checkRepeats(id, state, life);
    life.steppedAt = this.#now();
  }

  /** Per node: a tick has four reasons to speak at the most, and so has a message that is more than a statement one. */
  #checkTraffic(id: string, { startedAt, nulls, prompts }: Life): void {
    const ticks = (this.#now() - startedAt) / tickMsMin + 1;
    invariant(
      nulls <= this.#nodeCount * (4 * ticks + 2 * prompts), // which may come twice
      `a statement without a frame is no reason for another: ${id} made ${nulls}`,
    );
  }

  #checkRepeats(id: string, state: Readonly<TotalOrderState>, { steppedAt, owingSince }: Life): void {
    const now = this.#now();
    const wasAway = now - steppedAt > 3 * tickMsMax; // paused
    const limitMs = (2 + 1.25 * state.config.resendTicksMax) * tickMsMax;
    const me = self(state);
    for (const { node, acks } of state.peers) {
      const since = owingSince.get(node);
      const lacks = (acks[state.me] ?? 0) < me.received;
      if (!lacks || since === undefined || wasAway) owingSince.set(node, now);
      else invariant(now - since <= limitMs, `what a member lacks is repeated to it: ${node} by ${id}`);
    }
  }
}
