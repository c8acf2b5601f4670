import { invariant, unreachable } from "../base/invariant.ts";
import type { Core, Input, Vocabulary } from "../protocols/core.ts";
import { type Effects, Gate } from "../protocols/outbox.ts";
import type { Clock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { MemberPlan } from "./plans/plan.ts";
import type { Owner } from "./protocol.ts";

/** Messages that wait for a step at the most, as in the runtime: further ones are lost. */
const inboxCountMax = 65_536;

/** What runs while a member is up. */
export interface Process<V extends Vocabulary, State> {
  readonly core: Core<V, State>;
  readonly gate: Gate<V>;
  readonly owner: Owner<V>;
}

/** One simulated machine: a disk, a clock, and while it is up a process with a core and its owner. */
export class Member<V extends Vocabulary, State> {
  readonly id: string;
  /** Its number in the run. */
  readonly slot: number;
  readonly disk: Disk<V>;
  readonly clock: Clock;
  plan: MemberPlan;
  /** Counts starts and crashes: what was on its way for an earlier life is void. */
  life = 0;
  isPaused = false;
  /** It will not start any more: its disk is damaged, or it was removed for good. */
  isLost = false;
  process: Process<V, State> | undefined;
  #inbox: Input<V>[] = [];
  #durableCount = 0;
  isStepDue = false;

  constructor(plan: MemberPlan, slot: number, disk: Disk<V>, clock: Clock) {
    this.id = plan.id;
    this.plan = plan;
    this.slot = slot;
    this.disk = disk;
    this.clock = clock;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  /** Its core's state; it must be up. */
  get state(): Readonly<State> {
    invariant(this.process !== undefined, `${this.id} is up`);
    return this.process.core.inspect();
  }

  get hasInputs(): boolean {
    return this.#inbox.length > 0;
  }

  begin(core: Core<V, State>, newOwner: (state: Readonly<State>) => Owner<V>): void {
    invariant(this.process === undefined, `${this.id} is down`);
    this.life++;
    this.#durableCount = 0;
    this.process = { core, gate: new Gate(core), owner: newOwner(core.inspect()) };
  }

  /** The process ends, whatever it was doing. */
  end(): void {
    const owner = this.process?.owner;
    this.life++;
    this.process = undefined;
    this.#inbox = [];
    this.isStepDue = false;
    this.isPaused = false;
    this.disk.crash();
    owner?.ended?.();
  }

  /** Something waits for the next step, in the order in which the runtime hands it over, and with one tick at most. */
  push(input: Input<V>): void {
    const inbox = this.#inbox;
    if (inbox.length >= inboxCountMax) return;
    if (input.kind === "tick" && inbox.at(-1)?.kind === "tick") return;
    let place = inbox.length;
    while (place > 0 && rank(inbox[place - 1] as Input<V>) > rank(input)) place--;
    if (place === inbox.length) inbox.push(input);
    else inbox.splice(place, 0, input);
  }

  /** So many more records are durable. */
  persisted(count: number): Input<V> {
    this.#durableCount += count;
    return { kind: "persisted", count: this.#durableCount };
  }

  /** One step over all that waits. */
  step(now: number, effects: Effects<V>): void {
    invariant(this.process !== undefined, `${this.id} is up`);
    const batch = this.#inbox;
    this.#inbox = [];
    this.process.gate.step(batch, this.clock.at(now), effects);
  }
}

/** Order within a step: what has arrived speaks before time does. */
function rank({ kind }: Input<Vocabulary>): number {
  switch (kind) {
    case "receive":
    case "link":
      return 0;
    case "request":
      return 1;
    case "persisted":
      return 2;
    case "tick":
      return 3;
    default:
      return unreachable(kind);
  }
}
