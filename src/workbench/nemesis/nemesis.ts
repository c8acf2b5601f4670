import { unreachable } from "../../base/invariant.ts";
import { chance, forkRandom, nextBelow, nextUint32, type Random } from "../../base/random.ts";
import type { FaultKind } from "../run/options.ts";
import type { FaultBand } from "../run/recorded-run.ts";
import type { Timeline } from "../run/timeline.ts";
import { type Cuts, drawOneWay, drawPartition, shuffle } from "./partitions.ts";

/** What a nemesis can do to a cluster. */
export interface Victims {
  readonly nodes: readonly string[];
  cut(drops: ReadonlyMap<string, ReadonlySet<string>>): void;
  kill(id: string): Promise<void>;
  /** Starts a killed node again, with nothing but its name. */
  restart(id: string): Promise<unknown>;
  pause(id: string): void;
  resume(id: string): void;
}

interface Open {
  readonly band: Omit<FaultBand, "toNs">;
  end(): Promise<void>;
}

/** Breaks things on purpose: each kind of fault begins and ends in turn, at random times. */
export class Nemesis {
  readonly #timeline: Timeline;
  readonly #victims: Victims;
  readonly #intervalNs: number;
  readonly #bands: FaultBand[] = [];
  readonly #open = new Map<FaultKind, Open>();
  readonly #cuts = new Map<FaultKind, Cuts>();
  /** Settles when what was mended so far works again. */
  #turning: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(timeline: Timeline, victims: Victims, intervalSeconds: number) {
    this.#timeline = timeline;
    this.#victims = victims;
    this.#intervalNs = intervalSeconds * 1e9;
  }

  /** Begins with the faults of these kinds. */
  start(kinds: readonly FaultKind[], random: Random): void {
    for (const kind of kinds) this.#later(kind, forkRandom(random));
  }

  /** What is broken now, for people; empty if nothing is. */
  describe(): string {
    return [...this.#open.values()].map(({ band }) => `${band.kind} ${band.what}`).join(", ");
  }

  /** Mends all that is broken, for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#turning, ...[...this.#open.keys()].map((kind) => this.#end(kind))]);
  }

  /** All that was broken so far, and for how long. */
  bands(): readonly FaultBand[] {
    const toNs = this.#timeline.nowNs();
    return [...this.#bands, ...[...this.#open.values()].map(({ band }) => ({ ...band, toNs }))];
  }

  #later(kind: FaultKind, random: Random): void {
    const gapNs = Math.floor((nextUint32(random) / 2 ** 32) * 2 * this.#intervalNs);
    this.#timeline.at(this.#timeline.nowNs() + gapNs, () => {
      if (this.#stopped) return;
      const turned = this.#open.has(kind) ? this.#end(kind) : this.#begin(kind, random);
      this.#turning = Promise.all([this.#turning, turned.then(() => this.#later(kind, random))]);
    });
  }

  async #begin(kind: FaultKind, random: Random): Promise<void> {
    const { what, end } = this.#act(kind, random);
    this.#open.set(kind, { band: { kind, what, fromNs: this.#timeline.nowNs() }, end });
  }

  #act(kind: FaultKind, random: Random): { what: string; end: () => Promise<void> } {
    const { nodes } = this.#victims;
    switch (kind) {
      case "partition":
        return this.#cut(kind, drawPartition(random, nodes));
      case "one-way":
        return this.#cut(kind, drawOneWay(random, nodes));
      case "kill": {
        const few = shuffle(random, nodes).slice(
          0,
          1 + nextBelow(random, Math.max(Math.floor((nodes.length - 1) / 2), 1)),
        );
        const killed = Promise.all(few.map((id) => this.#victims.kill(id)));
        const restart = async (): Promise<void> => {
          await killed;
          await Promise.all(few.map((id) => this.#victims.restart(id)));
        };
        return { what: few.join(" "), end: restart };
      }
      case "pause": {
        const some = shuffle(random, nodes).slice(0, chance(random, 0.5) ? 1 : 1 + nextBelow(random, nodes.length));
        for (const id of some) this.#victims.pause(id);
        const resume = async (): Promise<void> => {
          for (const id of some) this.#victims.resume(id);
        };
        return { what: some.join(" "), end: resume };
      }
      default:
        return unreachable(kind);
    }
  }

  #cut(kind: FaultKind, cuts: Cuts): { what: string; end: () => Promise<void> } {
    this.#cuts.set(kind, cuts);
    this.#applyCuts();
    const mend = async (): Promise<void> => {
      this.#cuts.delete(kind);
      this.#applyCuts();
    };
    return { what: cuts.what, end: mend };
  }

  #applyCuts(): void {
    const drops = new Map<string, Set<string>>();
    for (const cuts of this.#cuts.values()) {
      for (const [node, others] of cuts.drops) drops.set(node, new Set([...(drops.get(node) ?? []), ...others]));
    }
    this.#victims.cut(drops);
  }

  async #end(kind: FaultKind): Promise<void> {
    const open = this.#open.get(kind);
    this.#open.delete(kind);
    if (open === undefined) return;
    await open.end();
    this.#bands.push({ ...open.band, toNs: this.#timeline.nowNs() });
  }
}
