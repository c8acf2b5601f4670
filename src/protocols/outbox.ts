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

interface Held<V extends Vocabulary> {
  /** Leaves when this many records are durable. */
  readonly after: number;
  readonly to: NodeId;
  readonly message: V["message"];
}

/**
 * Steps a core and lets its effects out at the right moment.
 *
 * Numbers the records, holds each `send` until the records before it are durable, first in first
 * out, and releases nothing of a step that threw. The simulator and the production drive share it.
 */
export class Gate<V extends Vocabulary> {
  readonly #core: Core<V, unknown>;
  #recordCount = 0;
  #durableCount = 0;
  #records: V["record"][] = [];
  #ahead: Held<V>[] = [];
  #outputs: V["output"][] = [];
  #held: Held<V>[] = [];
  readonly #outbox: Outbox<V> = {
    persist: (record) => {
      this.#records.push(record);
      return ++this.#recordCount;
    },
    send: (to, message) => this.#held.push({ after: this.#recordCount, to, message }),
    sendAhead: (to, message) => this.#ahead.push({ after: 0, to, message }),
    output: (output) => this.#outputs.push(output),
  };

  constructor(core: Core<V, unknown>) {
    this.#core = core;
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
