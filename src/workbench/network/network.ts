import { chance, newRandom, nextUint32, type Random } from "../../base/random.ts";
import { involvesClient, type Journal, type JournalMessage } from "../run/journal.ts";
import type { Timeline } from "../run/timeline.ts";
import { drawLatencyMs, type LatencyDistribution } from "./latency.ts";
import type { Message } from "./message.ts";

/** How messages travel between servers; clients sit beside their nodes, without delay or loss. */
export interface Conditions {
  readonly latencyMs: number;
  readonly distribution: LatencyDistribution;
  /** Chance that a message is lost, 0 … 1. */
  readonly loss: number;
  /** Chance that a message comes twice, 0 … 1. */
  readonly duplication: number;
}

/** Takes a message; false if it cannot, and the message is lost. */
export type Receive = (message: JournalMessage, line: string | undefined) => boolean;

/** Who is told of messages as they pass. */
export interface NetworkLog {
  readonly sent?: (message: JournalMessage) => void;
  readonly received?: (message: JournalMessage) => void;
}

/**
 * Carries messages between clients, nodes and services, with delays, losses and cuts.
 *
 * What becomes of the n-th message of a link is drawn from the seed, the link's ends and n alone: the order in which
 * processes happen to run does not change it.
 */
export class Network {
  readonly #timeline: Timeline;
  readonly #journal: Journal;
  readonly #conditions: Conditions;
  readonly #seed: number;
  readonly #log: NetworkLog;
  readonly #receivers = new Map<string, Receive>();
  /** Everybody who ever was on the network: what comes late for one who has left is no mistake. */
  readonly #known = new Set<string>();
  readonly #links = new Map<string, Random>();
  /** For each receiver those whose messages it drops. */
  #cuts: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(timeline: Timeline, journal: Journal, conditions: Conditions, seed: number, log: NetworkLog = {}) {
    this.#timeline = timeline;
    this.#journal = journal;
    this.#conditions = conditions;
    this.#seed = seed;
    this.#log = log;
  }

  join(id: string, receive: Receive): void {
    this.#known.add(id);
    this.#receivers.set(id, receive);
  }

  leave(id: string): void {
    this.#receivers.delete(id);
  }

  knows(id: string): boolean {
    return this.#known.has(id);
  }

  /** From now on each receiver named drops what comes from its set; takes the place of all earlier cuts. */
  cut(cuts: ReadonlyMap<string, ReadonlySet<string>>): void {
    this.#cuts = cuts;
  }

  /** Takes a message on its way; `line` is its JSON, if its sender wrote it. */
  send({ src, dest, body }: Message, line?: string): void {
    const sentNs = this.#timeline.nowNs();
    const message = this.#journal.sent({ src, dest, body, sentNs }, line?.length);
    this.#log.sent?.(message);
    if (involvesClient(message)) {
      this.#deliver(message, line);
      return;
    }
    const { loss, duplication, latencyMs, distribution } = this.#conditions;
    const random = this.#link(src, dest);
    const isLost = chance(random, loss);
    const isDoubled = chance(random, duplication);
    const travel = (copy: JournalMessage): void =>
      this.#after(drawLatencyMs(random, distribution, latencyMs), () => this.#deliver(copy, line));
    if (isLost) this.#journal.lost(message, "chance");
    else travel(message);
    if (isDoubled) travel(this.#journal.sent({ src, dest, body, sentNs, duplicateOf: message.id }, line?.length));
  }

  #after(ms: number, run: () => void): void {
    if (ms === 0) run();
    else this.#timeline.at(this.#timeline.nowNs() + ms * 1e6, run);
  }

  #deliver(message: JournalMessage, line: string | undefined): void {
    const { src, dest } = message;
    if (this.#cuts.get(dest)?.has(src)) {
      this.#journal.lost(message, "partition");
      return;
    }
    this.#timeline.stir();
    if (this.#receivers.get(dest)?.(message, line)) {
      this.#journal.received(message, this.#timeline.nowNs());
      this.#log.received?.(message);
    } else this.#journal.lost(message, "down");
  }

  #link(src: string, dest: string): Random {
    const name = `${src}\n${dest}`;
    let random = this.#links.get(name);
    if (random === undefined) {
      random = newRandom(hash(name, this.#seed));
      this.#links.set(name, random);
    }
    return random;
  }
}

/** A number of up to 52 bits that depends on all of the text and the seed. */
function hash(text: string, seed: number): number {
  const random = newRandom(seed);
  for (const letter of text) {
    random.a = (random.a ^ (letter.codePointAt(0) ?? 0)) >>> 0;
    nextUint32(random);
  }
  return nextUint32(random) * 2 ** 20 + (nextUint32(random) >>> 12);
}
