import type { NodeId } from "../base/ids.ts";
import { invariant } from "../base/invariant.ts";
import type { Core, Input, Outbox, Vocabulary } from "./core.ts";

/** What a host does with the effects of a step. None of these waits or fails. */
export interface Effects<V extends Vocabulary> {
  send(to: NodeId, message: V["message"]): void;
  /** Records to store, in order, after all earlier ones. */
  persist(records: readonly V["record"][]): void;
  output(output: V["output"]): void;
}

/** A message that waits for the disk. */
export interface Held<V extends Vocabulary> {
  /** Leaves when this many records are durable. */
  readonly after: number;
  readonly to: NodeId;
  readonly message: V["message"];
}

/** What a gate has in hand between two steps: plain data. */
export interface GateState<V extends Vocabulary> {
  readonly recordCount: number;
  readonly durableCount: number;
  /** In the order in which they leave. */
  readonly held: readonly Held<V>[];
}

/**
 * Steps a core and lets its effects out at the right moment.
 *
 * Numbers the records, holds each `send` until the records before it are durable, first in first
 * out, and releases nothing of a step that threw. The simulator and the production drive share it.
 */
export class Gate<V extends Vocabulary> {
  readonly #core: Core<V, unknown>;
  #recordCount: number;
  #durableCount: number;
  #records: V["record"][] = [];
  #ahead: Held<V>[] = [];
  #outputs: V["output"][] = [];
  #held: Held<V>[];
  readonly #outbox: Outbox<V> = {
    persist: (record) => {
      this.#records.push(record);
      return ++this.#recordCount;
    },
    send: (to, message) => this.#held.push({ after: this.#recordCount, to, message }),
    sendAhead: (to, message) => this.#ahead.push({ after: 0, to, message }),
    output: (output) => this.#outputs.push(output),
  };

  /** `state`: what an earlier gate of the same core had in hand. */
  constructor(core: Core<V, unknown>, state: GateState<V> = { recordCount: 0, durableCount: 0, held: [] }) {
    this.#core = core;
    this.#recordCount = state.recordCount;
    this.#durableCount = state.durableCount;
    this.#held = [...state.held];
  }

  /** What waits at present: another gate goes on from it. */
  inspect(): GateState<V> {
    return { recordCount: this.#recordCount, durableCount: this.#durableCount, held: [...this.#held] };
  }

  /** Records asked for and not yet durable. */
  get pendingCount(): number {
    return this.#recordCount - this.#durableCount;
  }

  /** One step. Order of effects: messages that may overtake the disk, records, released messages, outputs. */
  step(inputs: readonly Input<V>[], now: number, effects: Effects<V>): void {
    for (const input of inputs) {
      if (input.kind !== "persisted") continue;
      invariant(input.count >= this.#durableCount, "durable records stay durable");
      invariant(input.count <= this.#recordCount, "only records that were asked for become durable");
      this.#durableCount = input.count;
    }
    this.#core.step(inputs, now, this.#outbox);
    this.#flush(effects);
  }

  #flush(effects: Effects<V>): void {
    const ahead = this.#ahead;
    const records = this.#records;
    const outputs = this.#outputs;
    this.#ahead = [];
    this.#records = [];
    this.#outputs = [];
    for (const { to, message } of ahead) effects.send(to, message);
    if (records.length > 0) effects.persist(records);
    this.#release(effects);
    for (const output of outputs) effects.output(output);
  }

  #release(effects: Effects<V>): void {
    let count = 0;
    for (const held of this.#held) {
      if (held.after > this.#durableCount) break;
      effects.send(held.to, held.message);
      count++;
    }
    if (count > 0) this.#held = count === this.#held.length ? [] : this.#held.slice(count);
  }
}
