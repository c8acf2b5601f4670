import type { OperationEvent } from "../../../checker/operations/event.ts";

type Offsets = Map<string, number>;
type Step =
  | readonly ["poll", Readonly<Record<string, readonly (readonly [number, unknown])[]>>]
  | readonly ["send", string, readonly [number, unknown]];

interface Follower {
  readonly isOurs: (process: number) => boolean;
  readonly seen: Offsets;
}

/** The highest offsets that clients have heard of: what was sent, what was read, and what nobody has read yet. */
export class KafkaLog {
  readonly #sent: Offsets = new Map();
  readonly #polled: Offsets = new Map();
  readonly #followers: Follower[] = [];

  observe({ type, f, process, value }: OperationEvent): void {
    if (type !== "ok" || (f !== "send" && f !== "poll")) return;
    for (const step of value as readonly Step[]) {
      if (step[0] === "send") raise(this.#sent, step[1], step[2][0]);
      else for (const [key, pairs] of Object.entries(step[1])) this.#read(process, key, pairs);
    }
  }

  /** Keys of which something is known to be there that nobody has read. */
  unseen(): string[] {
    return [...this.#sent].flatMap(([key, offset]) => ((this.#polled.get(key) ?? -1) < offset ? [key] : []));
  }

  /** For each key the highest offset that was sent or read. */
  highest(): ReadonlyMap<string, number> {
    const highest = new Map(this.#sent);
    for (const [key, offset] of this.#polled) raise(highest, key, offset);
    return highest;
  }

  /** What some processes read from now on. */
  follow(isOurs: (process: number) => boolean): ReadonlyMap<string, number> {
    const seen: Offsets = new Map();
    this.#followers.push({ isOurs, seen });
    return seen;
  }

  #read(process: number, key: string, pairs: readonly (readonly [number, unknown])[]): void {
    for (const [offset] of pairs) {
      raise(this.#polled, key, offset);
      for (const { isOurs, seen } of this.#followers) if (isOurs(process)) raise(seen, key, offset);
    }
  }
}

function raise(offsets: Offsets, key: string, offset: number): void {
  offsets.set(key, Math.max(offsets.get(key) ?? -1, offset));
}
