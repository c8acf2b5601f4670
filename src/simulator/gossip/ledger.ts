import { invariant } from "../../base/invariant.ts";
import { type BroadcastEvent, checkBroadcast, type MemberLog } from "../../checker/index.ts";
import type { GossipOutput } from "../../protocols/gossip/index.ts";
import { addAll, difference, type Holdings, type ReadonlyHoldings } from "../../protocols/gossip/known/holdings.ts";

/** What a member broadcast and delivered in one life: each life is a member of its own to the checker. */
export interface Life {
  readonly origin: string;
  readonly startedAt: number;
  readonly events: BroadcastEvent[];
  /** What it delivered, and what it was told to have missed. */
  readonly taken: Holdings;
  readonly missed: string[];
  hasEnded: boolean;
}

/** All that owners were told, held together and judged as a broadcast. */
export class Ledger {
  readonly counts: Record<"accepted" | "refused" | "delivered" | "missed" | "secured" | "downs", number> = {
    accepted: 0,
    refused: 0,
    delivered: 0,
    missed: 0,
    secured: 0,
    downs: 0,
  };
  readonly #lives: Life[] = [];
  readonly #acceptedAt = new Map<string, number>();

  begin(origin: string, now: number): Life {
    const life = { origin, startedAt: now, events: [], taken: new Map(), missed: [], hasEnded: false };
    this.#lives.push(life);
    return life;
  }

  take(life: Life, output: GossipOutput, now: number): void {
    switch (output.kind) {
      case "accepted":
        this.counts.accepted += output.count;
        for (let number = output.first; number < output.first + output.count; number++) {
          const message = `${output.origin}/${number}`;
          life.events.push({ kind: "broadcast", message });
          this.#acceptedAt.set(message, now);
        }
        return;
      case "deliver":
        this.counts.delivered += output.payloads.length;
        for (const at of output.payloads.keys()) {
          life.events.push({ kind: "deliver", message: `${output.origin}/${output.first + at}` });
        }
        return addAll(life.taken, [spanOf(output.origin, output.first, output.payloads.length)]);
      case "missed":
        for (const { origin, ranges } of output.numbers) {
          for (const [first, last] of ranges) {
            for (let number = first; number <= last; number++) this.#miss(life, `${origin}/${number}`, now);
          }
        }
        return addAll(life.taken, output.numbers);
      case "peer":
        if (output.isDown) this.counts.downs++;
        return;
      default:
        this.counts[output.kind]++;
    }
  }

  /** Whatever is missed was submitted before the life that misses it began. */
  #miss(life: Life, message: string, now: number): void {
    this.counts.missed++;
    const at = this.#acceptedAt.get(message) ?? now;
    invariant(at <= life.startedAt, `only what is older than a life is missed in it: ${message} in ${life.origin}`);
    life.missed.push(message);
  }

  /** A number is delivered, or missed, exactly when it enters what is known. */
  compare(life: Life, known: ReadonlyHoldings): void {
    const isSame = difference(known, life.taken).size + difference(life.taken, known).size === 0;
    invariant(isSame, `what is known is what was delivered or missed: ${life.origin}`);
  }

  /**
   * Validity, agreement and integrity over all lives.
   *
   * What nobody has who is still alive went down with whom it was submitted to; what was missed needs no delivery.
   */
  judge(): void {
    const alive = new Set(
      this.#lives.filter(({ hasEnded }) => !hasEnded).flatMap(({ events }) => events.map(({ message }) => message)),
    );
    const logs = this.#lives.map(({ origin, events, missed, hasEnded }): MemberLog => {
      const kept = events.filter(({ message }) => alive.has(message));
      const excused = missed.map((message): BroadcastEvent => ({ kind: "deliver", message }));
      return {
        member: origin,
        events: [...kept, ...excused.filter(({ message }) => alive.has(message))],
        hasCrashed: hasEnded,
      };
    });
    const verdict = checkBroadcast(logs, ["validity", "agreement", "integrity"]);
    invariant(verdict.kind === "ok", verdict.text().replaceAll("\n", "; "));
  }
}

function spanOf(origin: string, first: number, count: number) {
  return { origin, ranges: [[first, first + count - 1] as const] };
}
