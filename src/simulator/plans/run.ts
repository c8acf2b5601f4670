import { invariant } from "../../base/invariant.ts";
import type { Group, Subject } from "../subject.ts";
import { Trace } from "../trace.ts";
import type { Action, Failure, Outcome, Plan, PlannedCall, World } from "./plan.ts";
import { strike } from "./strike.ts";

/** Nothing goes wrong by itself. */
export const calmWorld: World = {
  delays: "even",
  delayMs: [1, 3],
  loss: 0,
  repeat: 0,
  isOrdered: false,
  diskMs: [1, 2],
  lostReads: 0,
  batchMs: 0,
  hintMs: [3, 4],
  lostHints: 0,
};

/** Length of the ticks in which `calmTicks` counts. */
const calmTickMs = 20;

/** How often it is looked whether all is well again. */
const lookMs = 40;

/** One run of so many ends with a test of its peace, in steps of so many ms: longer than anybody waits for a leader. */
const peaceEvery = 4;
const peaceMs = 600;

/** How many of the last actions a failure's story tells. */
const storyLength = 6;

/** What happens in a run besides the plan. */
export interface RunOptions {
  /** Takes the trace, line by line. */
  readonly trace?: (line: string) => void;
}

/**
 * Runs a plan: first under fire, where nothing untrue may happen, then in peace, where everything must come to an end.
 *
 * The same plan has the same outcome, to the last byte of the trace, on every machine.
 */
export async function runPlan(plan: Plan, subject: Subject, options: RunOptions = {}): Promise<Outcome> {
  const trace = new Trace(options.trace);
  const run = new Run(plan, trace);
  try {
    await run.through(subject);
  } catch (error) {
    return { ...run.outcome(), failure: run.failure(error) };
  }
  return run.outcome();
}

class Run {
  readonly #plan: Plan;
  readonly #trace: Trace;
  #group: Group | undefined;
  readonly #struck: { readonly action: Action; readonly id: string; readonly atMs: number }[] = [];
  readonly #counts: Record<string, number> = {};
  #openCalls = 0;

  constructor(plan: Plan, trace: Trace) {
    this.#plan = plan;
    this.#trace = trace;
  }

  async through(subject: Subject): Promise<void> {
    const plan = this.#plan;
    const group = subject.open(plan, this.#trace);
    this.#group = group;
    const { cluster } = group;
    for (const action of plan.actions) cluster.queue.after(action.atMs, () => this.#strike(group, action));
    this.#startClients(group);
    await cluster.run(plan.fireMs);
    cluster.world = { ...calmWorld, batchMs: Math.min(5, plan.world.batchMs) };
    await cluster.run(Math.max(0, lastEnd(plan.actions) - plan.fireMs)); // what was begun ends by itself
    cluster.heal();
    group.calm();
    await this.#rest(group);
    // a run without faults stays calm to its end
    if (plan.seed % peaceEvery === 0 && plan.actions.length > 0) await this.#peace(group);
    group.judge();
  }

  #strike(group: Group, action: Action): void {
    const name = nameOf(action);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    const id = strike(group, action);
    this.#struck.push({ action, id, atMs: group.cluster.now });
  }

  /** Each client's calls follow one another. */
  #startClients(group: Group): void {
    const queues = new Map<number, PlannedCall[]>();
    for (const call of this.#plan.calls) {
      const queue = queues.get(call.client) ?? [];
      queues.set(call.client, queue);
      queue.push(call);
    }
    this.#openCalls = this.#plan.calls.length;
    for (const queue of queues.values()) this.#next(group, queue, 0);
  }

  #next(group: Group, queue: readonly PlannedCall[], place: number): void {
    const call = queue[place];
    if (call === undefined) return;
    group.cluster.queue.after(call.afterMs, () =>
      group.call(call, () => {
        this.#openCalls--;
        this.#next(group, queue, place + 1);
      }),
    );
  }

  async #rest(group: Group): Promise<void> {
    const { cluster } = group;
    const end = cluster.now + this.#plan.calmTicks * calmTickMs;
    let unrest = this.#unrest(group);
    while (unrest !== undefined) {
      const claim = `a healed group comes to rest within ${this.#plan.calmTicks} ticks: ${unrest}`;
      invariant(cluster.now < end, claim);
      await cluster.run(lookMs);
      unrest = this.#unrest(group);
    }
  }

  /** A group at rest keeps its leader, even if one that was cut off comes back (Raft dissertation §4.2.3, §9.6). */
  async #peace(group: Group): Promise<void> {
    const { cluster } = group;
    await cluster.run(peaceMs); // what was asked of the leader before, as to hand over, has come to its end
    await this.#rest(group);
    const followers = cluster.members.filter((member) => member.isUp && !cluster.leads(member));
    const away = followers[this.#plan.seed % Math.max(1, followers.length)];
    if (away === undefined || group.canSpare?.(away.id) !== true) return;
    const { elections } = group.counts();
    cluster.split(away.id);
    await cluster.run(2 * peaceMs);
    cluster.rejoin(away.id);
    await cluster.run(peaceMs);
    await this.#rest(group);
    const claim = "a group at rest keeps its leader, though a member was cut off and came back";
    invariant(group.counts().elections === elections, `${claim}: ${away.id}`);
  }

  #unrest(group: Group): string | undefined {
    return this.#openCalls > 0 ? `${this.#openCalls} calls have no answer` : group.unrest();
  }

  outcome(): Outcome {
    const cluster = this.#group?.cluster;
    return {
      digest: this.#trace.digest(),
      simulatedMs: cluster?.now ?? 0,
      counts: { ...cluster?.counts, ...this.#group?.counts(), ...this.#counts },
    };
  }

  failure(error: unknown): Failure {
    const message = error instanceof Error ? error.message : String(error);
    const [claim = "", ...details] = message.split("\n");
    const last = this.#struck.slice(-storyLength);
    const story = last.map(({ action, id, atMs }) => `${atMs} ms ${nameOf(action)} of ${id} (${action.target})`);
    const atMs = this.#group?.cluster.now ?? 0;
    return {
      claim,
      atMs,
      story: `${[...story, `${atMs} ms`].join(", ")}: ${claim}`,
      plan: this.#plan,
      ...(details.length > 0 && { details: details.join("\n") }),
    };
  }
}

/** When the last action has ended by itself. */
function lastEnd(actions: readonly Action[]): number {
  return actions.reduce((end, { atMs, lastsMs, fault }) => {
    const takesMs = fault.kind === "clog" ? 2 * lastsMs : lastsMs; // it also ends one member after the other
    return Math.max(end, atMs + takesMs + 1);
  }, 0);
}

/** A fault's kind; of what a protocol's owner does, its name. */
function nameOf({ fault }: Action): string {
  return fault.kind === "act" ? fault.name : fault.kind;
}
