import { invariant } from "../base/invariant.ts";
import type { Core, Input, Vocabulary } from "../protocols/core.ts";
import { type Effects, Gate } from "../protocols/outbox.ts";
import type { Clock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { MemberPlan } from "./plans/plan.ts";
import type { Owner } from "./protocol.ts";

/** Messages that wait for a step at the most, as in the runtime: further ones are lost. */
const inboxCountMax = 65_536;

/** Order within a step: what has arrived speaks before time does. */
const rank: Record<Input<Vocabulary>["kind"], number> = { receive: 0, link: 0, request: 1, persisted: 2, tick: 3 };

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

  /** Something waits for the next step. */
  push(input: Input<V>): void {
    if (this.#inbox.length < inboxCountMax) this.#inbox.push(input);
  }

  /** So many more records are durable. */
  persisted(count: number): Input<V> {
    this.#durableCount += count;
    return { kind: "persisted", count: this.#durableCount };
  }

  /** One step over all that waits. */
  step(now: number, effects: Effects<V>): void {
    invariant(this.process !== undefined, `${this.id} is up`);
    const batch = this.#inbox.length === 1 ? this.#inbox : inOrder(this.#inbox);
    this.#inbox = [];
    this.process.gate.step(batch, this.clock.at(now), effects);
  }
}

/** As the runtime hands them over: messages and links, requests, what became durable, and one tick at most. */
function inOrder<V extends Vocabulary>(inputs: readonly Input<V>[]): Input<V>[] {
  const sorted = inputs.toSorted((left, right) => rank[left.kind] - rank[right.kind]);
  return sorted.filter((input, at) => input.kind !== "tick" || sorted[at - 1]?.kind !== "tick");
}
