import type { Bytes } from "../base/bytes.ts";
import { nextBelow, type Random } from "../base/random.ts";
import type { Vocabulary } from "../protocols/core.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Store } from "./protocol.ts";

/** Records that go to the disk together at the most, as in the runtime. */
const writeCountMax = 32;

/** A disk writes a sector wholly or not at all; so much of one is content. */
const sectorBytes = 508;

/** How often a write that found no room is tried again. */
const retryMs = 250;

/** Records that are one write: durable all or, if a crash tears it, none. */
interface Write<V extends Vocabulary> {
  readonly records: V["record"][];
  readonly encoded: Bytes[];
}

/** What the disk tells the member whose it is. */
export interface DiskEvents {
  /** This many more records are durable. */
  persisted(count: number): void;
  full(isFull: boolean): void;
}

/**
 * A member's disk: one write at a time, in order, and what waits meanwhile goes together (the runtime's group commit).
 *
 * A crash leaves what was durable. Of the write in flight it leaves any of the sectors, so the write is there only if
 * all are; of what waited behind it nothing was given to the disk.
 */
export class Disk<V extends Vocabulary> {
  store: Store<V>;
  isStuck = false;
  isFull = false;
  slowMs = 0;
  /** What crashes did: writes torn, and writes kept that were never acknowledged. */
  torn = 0;
  revived = 0;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #speed: () => readonly [least: number, most: number];
  readonly #events: DiskEvents;
  #waiting: V["record"][] = [];
  /** What one call is to store: durable parts leave from the front. */
  #writes: Write<V>[] = [];
  #count = 0;
  #isRefused = false;
  #interruption: (() => void) | undefined;
  /** Counts tries and crashes: only the newest try may end. */
  #tries = 0;

  constructor(
    store: Store<V>,
    parts: { queue: EventQueue; random: Random; speed: () => readonly [number, number]; events: DiskEvents },
  ) {
    this.store = store;
    this.#queue = parts.queue;
    this.#random = parts.random;
    this.#speed = parts.speed;
    this.#events = parts.events;
  }

  persist(records: readonly V["record"][]): void {
    for (const record of records) this.#waiting.push(record);
    if (this.#writes.length === 0) this.#begin();
  }

  /** How long a read or a write takes now. */
  delay(): number {
    const [least, most] = this.#speed();
    return least + this.slowMs + nextBelow(this.#random, most - least + 1);
  }

  #begin(): void {
    if (this.#waiting.length === 0) return;
    const records = this.#waiting.slice(0, writeCountMax);
    this.#waiting = this.#waiting.slice(writeCountMax);
    this.#count = records.length;
    for (const record of records) {
      const isApart = this.store.isApart(record);
      const last = this.#writes.at(-1);
      const joins = !isApart && last?.records[0] !== undefined && !this.store.isApart(last.records[0]);
      const write = joins ? last : { records: [], encoded: [] };
      if (!joins) this.#writes.push(write);
      write.records.push(record);
      write.encoded.push(this.store.encode(record));
    }
    this.#write();
  }

  /** Lets something happen as soon as a write is in flight. */
  interrupt(run: () => void): void {
    this.#interruption = run;
  }

  #write(): void {
    const number = ++this.#tries;
    if (this.#interruption !== undefined) this.#queue.after(0, this.#interruption);
    this.#interruption = undefined;
    this.#queue.after(this.delay(), () => {
      if (number !== this.#tries || this.isStuck) return;
      if (this.isFull) this.#refuse(number);
      else this.#written();
    });
  }

  #refuse(number: number): void {
    const isNews = !this.#isRefused;
    this.#isRefused = true;
    this.#queue.after(retryMs, () => {
      if (number === this.#tries) this.#write();
    });
    if (isNews) this.#events.full(true);
  }

  #written(): void {
    const write = this.#writes.shift();
    if (write !== undefined) this.store.put(write.records, write.encoded);
    if (this.#writes.length > 0) return this.#write();
    if (this.#isRefused) this.#events.full(false);
    this.#isRefused = false;
    this.#events.persisted(this.#count);
    if (this.#writes.length === 0) this.#begin();
  }

  /** The disk works again. */
  mend(): void {
    this.isFull = false;
    this.slowMs = 0;
    if (!this.isStuck) return;
    this.isStuck = false;
    if (this.#writes.length > 0) this.#write();
  }

  /** The process ends. */
  crash(): void {
    this.#tries++;
    const inFlight = this.#isRefused ? undefined : this.#writes[0];
    if (inFlight !== undefined) {
      const isWhole = this.#survives(inFlight);
      if (isWhole) this.store.put(inFlight.records, inFlight.encoded);
      if (isWhole) this.revived++;
      else this.torn++;
    }
    this.#writes = [];
    this.#waiting = [];
    this.#isRefused = false;
  }

  /** Each sector may have been written or not; often all were, or none. */
  #survives(write: Write<V>): boolean {
    const fate = nextBelow(this.#random, 3);
    if (fate < 2) return fate === 0;
    let bytes = 0;
    for (const part of write.encoded) bytes += part.length;
    for (let sector = 0; sector * sectorBytes < bytes; sector++) if (nextBelow(this.#random, 4) === 0) return false;
    return true;
  }
}
