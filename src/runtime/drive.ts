import type { NodeId } from "../base/ids.ts";
import type { Core, Input, Vocabulary } from "../protocols/core.ts";
import { type Effects, Gate } from "../protocols/outbox.ts";
import { DiskFullError } from "./errors.ts";

/** Inputs taken into one step at the most: bounds how long a step keeps the thread. */
const batchCountMax = 2048;

/** Messages that wait for a step at the most; further ones are lost, as they may be on any network. */
export const receivedCountMax = 65_536;

/** Records in one write at the most: with the bound on a record, within what a log takes at once. */
const writeCountMax = 32;

/** How often a write is tried again while the disk is full, in ms. */
const retryMs = 250;

/** What a drive needs to run a core. */
export interface DriveHost<V extends Vocabulary> {
  /** Stores records after all earlier ones; durable once resolved. `DiskFullError`: nothing stored, call again. */
  store(records: readonly V["record"][]): Promise<void>;
  send(to: NodeId, message: V["message"]): void;
  output(output: V["output"]): void;
  /** After every step and its effects. */
  stepped(): void;
  /** A write found no room, or found room again. */
  diskFull(isFull: boolean): void;
  /** The core broke an invariant, or storage failed: the drive has stopped and lets nothing more out. */
  failed(error: unknown): void;
}

/**
 * Runs a core in real time: collects what happens into batches, steps, and carries out the effects.
 *
 * Never awaits the disk: stepping goes on while a write is under way, and what is asked meanwhile shares the next one.
 */
export class Drive<V extends Vocabulary> {
  readonly #gate: Gate<V>;
  readonly #host: DriveHost<V>;
  readonly #tickMs: number;
  readonly #lateTicksMax: number;
  readonly #effects: Effects<V>;
  #received: Input<V>[] = [];
  #requested: Input<V>[] = [];
  #persistedCount = 0;
  #isPersistedNews = false;
  #ticksDue = 0;
  #tickedAt = 0;
  #isScheduled = false;
  #isStopped = false;
  #waiting: V["record"][] = [];
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `lateTicksMax`: of the ticks that a busy thread missed, so many are made up for, each in a step of its own. By
   * default none, as whoever judges the silence of others needs it: they had no time to speak either.
   */
  constructor(core: Core<V, unknown>, host: DriveHost<V>, tickMs: number, lateTicksMax = 0) {
    this.#gate = new Gate(core);
    this.#host = host;
    this.#tickMs = tickMs;
    this.#lateTicksMax = lateTicksMax;
    this.#effects = {
      send: (to, message) => host.send(to, message),
      persist: (records) => this.#persist(records),
      output: (output) => host.output(output),
    };
  }

  start(): void {
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => {
      const passed = Math.max(1, Math.floor((performance.now() - this.#tickedAt) / this.#tickMs));
      this.#tickedAt += passed * this.#tickMs;
      this.#ticksDue = Math.min(this.#ticksDue + passed, 1 + this.#lateTicksMax);
      this.#schedule();
    }, this.#tickMs);
  }

  receive(from: NodeId, message: V["message"]): void {
    if (this.#received.length >= receivedCountMax) return;
    this.#received.push({ kind: "receive", from, message });
    this.#schedule();
  }

  link(peer: NodeId, up: boolean, speaks?: number): void {
    this.#received.push({ kind: "link", peer, up, ...(speaks !== undefined && { speaks }) });
    this.#schedule();
  }

  request(request: V["request"]): void {
    this.#requested.push({ kind: "request", request });
    this.#schedule();
  }

  /** No step begins any more; resolves once the write under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#writing;
  }

  /** From `setImmediate`, so that sockets are read before a late tick counts. */
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    const batch = this.#takeBatch();
    try {
      this.#gate.step(batch, performance.now(), this.#effects);
      this.#host.stepped();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#received.length + this.#requested.length + this.#ticksDue > 0) this.#schedule();
  }

  /** Receives, requests, what became durable, and the tick last: what has arrived speaks before time does. */
  #takeBatch(): Input<V>[] {
    const batch = takeUpTo(this.#received, batchCountMax);
    this.#received = batch.rest;
    const requested = takeUpTo(this.#requested, batchCountMax);
    this.#requested = requested.rest;
    const inputs = requested.taken.length === 0 ? batch.taken : batch.taken.concat(requested.taken);
    if (this.#isPersistedNews) inputs.push({ kind: "persisted", count: this.#persistedCount });
    if (this.#ticksDue > 0) inputs.push({ kind: "tick" });
    this.#isPersistedNews = false;
    this.#ticksDue = Math.max(0, this.#ticksDue - 1);
    return inputs;
  }

  #persist(records: readonly V["record"][]): void {
    for (const record of records) this.#waiting.push(record);
    this.#writing ??= this.#write();
  }

  /** Writes until nothing waits: all that gathered during one write goes into the next (group commit). */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#isStopped) {
        const { taken: records, rest } = takeUpTo(this.#waiting, writeCountMax);
        this.#waiting = rest;
        await this.#store(records);
        this.#persistedCount += records.length;
        this.#isPersistedNews = true;
        this.#schedule();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #store(records: readonly V["record"][]): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#host.store(records);
        if (tries > 0) this.#host.diskFull(false);
        return;
      } catch (error) {
        if (!(error instanceof DiskFullError) || this.#isStopped) throw error;
        if (tries === 0) this.#host.diskFull(true);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#host.failed(error);
  }
}

function takeUpTo<Item>(items: Item[], countMax: number): { taken: Item[]; rest: Item[] } {
  if (items.length <= countMax) return { taken: items, rest: [] };
  return { taken: items.slice(0, countMax), rest: items.slice(countMax) };
}
