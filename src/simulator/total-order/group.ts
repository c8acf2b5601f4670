import { invariant } from "../../base/invariant.ts";
import { checkBroadcast } from "../../checker/broadcast/broadcast.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { Decree, TotalOrderState, TotalOrderVocabulary } from "../../protocols/total-order/index.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { RecordStore } from "../own/record-store.ts";
import type { Action, Plan, PlannedCall } from "../plans/plan.ts";
import type { Group } from "../subject.ts";
import type { Trace } from "../trace.ts";
import { Application } from "./application.ts";
import { Ledger } from "./ledger.ts";
import { totalOrderProtocol } from "./protocol.ts";
import { excuse } from "./survival.ts";
import { TotalOrderWatch } from "./watch.ts";

/** How often a client looks for a member that is up, and how often it is looked whether the group can go on. */
const pauseMs = 40;

/** An excluded member waits so long before it starts anew, and twice as long each time, up to the most. */
const returnMs = 100;
const returnMsMax = 1600;

/** What a client multicasts with one call. */
export interface Burst {
  readonly count: number;
  readonly bytes: number;
}

type OrderMember = Member<TotalOrderVocabulary, TotalOrderState>;

/** A total-order group under simulation: applications that multicast, and hand their state to newcomers. */
export class TotalOrderGroup implements Group {
  readonly cluster: Cluster<Vocabulary, unknown>;
  readonly #order: Cluster<TotalOrderVocabulary, TotalOrderState>;
  readonly #watch: TotalOrderWatch;
  readonly #ledger: Ledger;
  readonly #applications: { readonly member: OrderMember; readonly application: Application }[] = [];
  readonly #present = new Map<OrderMember, Application>();
  readonly #returns = new Map<string, number>();
  /** Calls without an answer. */
  readonly #waiting = new Set<() => void>();
  readonly #isDurable: boolean;
  readonly #isAgreed: boolean;
  readonly #isStateless: boolean;
  #excuse: ReturnType<typeof excuse>;
  #isCalm = false;
  #names = 0;

  constructor(plan: Plan, trace: Trace) {
    const first = plan.members[0]?.options ?? {};
    this.#isDurable = first.isDurable !== false;
    this.#isAgreed = first.isAgreed === true;
    this.#isStateless = first.stateless === true;
    this.#ledger = new Ledger(this.#isDurable);
    this.#watch = new TotalOrderWatch(() => this.#order.now, plan.members.length, this.#ledger);
    const seeds = plan.members.filter(({ options }) => options.isSeed !== false).map(({ id }) => id);
    this.#order = new Cluster({
      protocol: totalOrderProtocol(seeds),
      members: plan.members,
      world: plan.world,
      seed: plan.seed,
      watch: this.#watch,
      owner: (member, state) => this.#own(member, state),
      trace,
    });
    this.cluster = this.#order as unknown as Cluster<Vocabulary, unknown>;
    for (const { id, options } of plan.members) {
      const startMs = typeof options.startMs === "number" ? options.startMs : 0;
      this.#order.queue.after(startMs, () => this.#start(id));
    }
  }

  #start(id: string): void {
    const { isUp, isLost } = this.#order.member(id);
    if (!isUp && !isLost) this.#order.start(id);
  }

  #own(member: OrderMember, { config }: Readonly<TotalOrderState>): Application {
    const { life } = member;
    const { consumeMs = 0 } = member.plan.options;
    const alive = (run: () => void) => () => {
      if (member.life === life) run();
    };
    const host = {
      name: `${member.id}${config.incarnation}`,
      consumeMs: () => (this.#isCalm ? 0 : Number(consumeMs)),
      state: () => member.state,
      request: (request: TotalOrderVocabulary["request"], ms: number) =>
        this.#order.queue.after(
          ms,
          alive(() => this.#order.request(member.id, request)),
        ),
      ended: (hasLeft: boolean) =>
        this.#order.queue.after(
          this.#returnMs(member.id, hasLeft),
          alive(() => {
            this.#order.crash(member.id, false);
            this.#start(member.id);
          }),
        ),
    };
    const application = new Application(host, this.#ledger, this.#isAgreed);
    this.#applications.push({ member, application });
    this.#present.set(member, application);
    return application;
  }

  #returnMs(id: string, hasLeft: boolean): number {
    const ms = this.#returns.get(id) ?? returnMs;
    if (!hasLeft) this.#returns.set(id, Math.min(returnMsMax, 2 * ms));
    return ms;
  }

  #live(): OrderMember[] {
    return this.#order.members.filter((member) => member.isUp);
  }

  /** Some member that runs multicasts; a client has its answer once it is known what became of all. */
  call(planned: PlannedCall, done: () => void): void {
    if (this.#excuse !== undefined) return done();
    const { count, bytes } = planned.call as Burst; // drawn by the subject
    const live = this.#live().filter((member) => member.state.phase !== "ended");
    const member = live[planned.client % Math.max(1, live.length)];
    if (member === undefined) return this.#order.queue.after(pauseMs, () => this.call(planned, done));
    let left = count;
    this.#waiting.add(done);
    const end = () => {
      if (--left === 0 && this.#waiting.delete(done)) done();
    };
    for (let each = 0; each < count; each++) {
      this.#present.get(member)?.multicast(`m${++this.#names}`, bytes, end);
    }
  }

  act(name: string, id: string, { pick }: Action): void {
    const member = this.#order.member(id);
    if (!member.isUp) return;
    if (name === "leave") return this.#order.request(id, { kind: "leave" });
    for (let each = 0; each < 5 + (pick % 40); each++) {
      if (member.state.phase !== "ended")
        this.#present.get(member)?.multicast(`m${++this.#names}`, 10, () => undefined);
    }
  }

  /** What a member loses with its disk cannot be told from a group that is still somewhere. */
  canSpare(): boolean {
    return false;
  }

  calm(): void {
    this.#isCalm = true;
    this.#lookForExcuse();
  }

  /** Where the guarantees end, nobody waits for an answer any more. */
  #lookForExcuse(): void {
    const found = excuse(this.#ledger, {
      states: this.#states(),
      foundings: this.#foundings(),
      isDurable: this.#isDurable,
    });
    if (found === undefined) return this.#order.queue.after(pauseMs, () => this.#lookForExcuse());
    this.#excuse = found;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const done of waiting) done();
  }

  #states(): Readonly<TotalOrderState>[] {
    return this.#live()
      .map(({ state }) => state)
      .filter(({ phase }) => phase !== "ended");
  }

  /** Decrees of founding that seeds voted for and will not forget. */
  #foundings(): readonly Decree[] {
    const votes = this.#order.members.map((member) => {
      if (member.isUp && member.state.phase === "seeking") return member.state.synod.acceptor.accepted;
      if (!this.#isDurable) return undefined;
      return (member.disk.store as RecordStore<TotalOrderVocabulary>).records().at(-1)?.accepted;
    });
    return votes.flatMap((vote) => (vote === undefined ? [] : [vote.value]));
  }

  unrest(): string | undefined {
    if (this.#excuse !== undefined) return undefined;
    const live = this.#live();
    const [first] = live;
    if (first === undefined) return "nobody is up";
    for (const member of live) {
      const { state } = member;
      const application = this.#present.get(member);
      if (state.phase !== "member") return `${member.id} is ${state.phase}`;
      const { group, number, members } = state.view;
      if (group !== first.state.view.group || number !== first.state.view.number)
        return `${member.id} is in another view`;
      if (members.length !== live.length) return `${member.id} is in a view of ${members.length} of ${live.length}`;
      if (!state.restored) return `${member.id} has no state`;
      if (state.position !== first.state.position) return `${member.id} has delivered less or more than ${first.id}`;
      if (state.backlog.length + state.framed.size > 0) return `${member.id} has more to multicast`;
      if (application?.position !== state.position) return `${member.id} holds deliveries back`;
      if (state.isBlocked || state.synod.acceptor.promised !== undefined) return `${member.id} is not at rest`;
    }
    return undefined;
  }

  judge(): void {
    const isPresent = (member: OrderMember, application: Application) =>
      member.isUp && this.#present.get(member) === application && !application.hasEnded;
    if (this.#excuse === undefined) {
      for (const { member, application } of this.#applications)
        if (isPresent(member, application)) application.settle();
    }
    const logs = this.#applications.map(({ member, application }) =>
      application.log(this.#excuse !== undefined || !isPresent(member, application)),
    );
    const properties = this.#isStateless
      ? (["integrity", "total-order"] as const)
      : (["validity", "agreement", "integrity", "total-order", "fifo-order", "causal-order"] as const);
    if (this.#excuse === "twoGroups" || this.#ledger.groups.size > 1) return;
    const verdict = checkBroadcast(logs, properties);
    invariant(verdict.kind === "ok", `what members delivered is a total order\n${verdict.text()}`);
  }

  counts(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const name of [
      "deliveries",
      "delivered",
      "refused",
      "unknown",
      "exclusions",
      "leaves",
      "transfers",
      "blocked",
    ]) {
      sums[name] = this.#applications.reduce((sum, { application }) => sum + (application.counts[name] ?? 0), 0);
    }
    return {
      ...sums,
      views: this.#ledger.views,
      majorityLost: this.#excuse === "majorityLost" ? 1 : 0,
      twoGroups: this.#excuse === "twoGroups" ? 1 : 0,
      checks: this.#watch.checks + this.#ledger.checks,
    };
  }
}
