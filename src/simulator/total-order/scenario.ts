import { invariant } from "../../base/invariant.ts";
import type {
  TotalOrderMessage,
  TotalOrderOptions,
  TotalOrderOutput,
  TotalOrderState,
  TotalOrderVocabulary,
} from "../../protocols/total-order/index.ts";
import { Cluster } from "../cluster.ts";
import type { Member } from "../member.ts";
import type { World } from "../plans/plan.ts";
import { calmWorld } from "../plans/run.ts";
import type { Watch } from "../protocol.ts";
import { Application } from "./application.ts";
import { Ledger } from "./ledger.ts";
import { totalOrderProtocol } from "./protocol.ts";
import { TotalOrderWatch } from "./watch.ts";

/** What makes one group. */
export interface Setup {
  readonly members: number;
  /** The first so many are seeds. Default: all. */
  readonly seeds?: number;
  readonly world?: Partial<World>;
  readonly options?: Partial<Omit<TotalOrderOptions, "node" | "incarnation" | "seeds" | "seed" | "delivery">>;
  readonly delivery?: "uniform" | "agreed";
  readonly seed?: number;
}

/** Words for tests: a total-order group driven by hand, every step followed by all invariants. */
export class TotalOrderScenario {
  readonly cluster: Cluster<TotalOrderVocabulary, TotalOrderState>;
  /** Sees every message as it is sent. */
  onSend: (from: string, to: string, message: TotalOrderMessage) => void = () => undefined;
  /** Sees every output before its owner takes it. */
  onOutput: (id: string, output: TotalOrderOutput) => void = () => undefined;
  readonly ledger: Ledger = new Ledger(true);
  readonly #isAgreed: boolean;
  readonly #applications = new Map<string, Application>();

  constructor({ members, seeds = members, world, options, delivery, seed = 1 }: Setup) {
    this.#isAgreed = delivery === "agreed";
    const ids = Array.from({ length: members }, (_, at) => String.fromCharCode(97 + at));
    const plan = { tickMs: 20, clock: 1000, options: { ...(options as object), isAgreed: this.#isAgreed } };
    this.cluster = new Cluster({
      protocol: totalOrderProtocol(ids.slice(0, seeds)),
      members: ids.map((id) => ({ id, ...plan })),
      world: { ...calmWorld, ...world },
      seed,
      watch: this.#watch(members),
      owner: (member, state) => this.#own(member, state),
    });
  }

  #watch(nodeCount: number): Watch<TotalOrderVocabulary, TotalOrderState> {
    const watch = new TotalOrderWatch(() => this.cluster.now, nodeCount, this.ledger);
    return {
      started: (id) => watch.started(id),
      persisted: () => undefined,
      sent: (id, to, message) => {
        watch.sent(id, to, message);
        this.onSend(id, to, message);
      },
      stepped: (id, state) => watch.stepped(id, state),
      wiped: () => undefined,
    };
  }

  #own(
    member: Member<TotalOrderVocabulary, TotalOrderState>,
    { config }: Readonly<TotalOrderState>,
  ): { take(output: TotalOrderOutput): void; ended(): void } {
    const { id, life } = member;
    const host = {
      name: `${id}${config.incarnation}`,
      consumeMs: () => 0,
      state: () => member.state,
      request: (request: TotalOrderVocabulary["request"], ms: number) => {
        const ask = () => {
          if (member.life === life) this.cluster.request(id, request);
        };
        if (ms === 0 && request.kind === "multicast") ask();
        else this.cluster.queue.after(ms, ask);
      },
      ended: () => undefined,
    };
    const application = new Application(host, this.ledger, this.#isAgreed);
    this.#applications.set(id, application);
    return {
      take: (output) => {
        this.onOutput(id, output);
        application.take(output);
      },
      ended: () => application.ended(),
    };
  }

  /** Starts members, and lets time pass until all who are up are in one view. */
  async form(...ids: string[]): Promise<void> {
    for (const id of ids) this.cluster.start(id);
    invariant(await this.cluster.until(() => this.isTogether()), "the members come together");
  }

  /** Whether all members that are up are in one view, of them alone, and have the state. */
  isTogether(): boolean {
    const up = this.cluster.members.filter((member) => member.isUp);
    const [first] = up;
    return up.every(({ state }) => {
      const { view, phase, restored } = state;
      const isSame = view.group === first?.state.view.group && view.number === first.state.view.number;
      return phase === "member" && restored && isSame && view.members.length === up.length;
    });
  }

  multicast(id: string, name: string): void {
    this.application(id).multicast(name, 0, () => undefined);
  }

  state(id: string): Readonly<TotalOrderState> {
    return this.cluster.member(id).state;
  }

  application(id: string): Application {
    const application = this.#applications.get(id);
    invariant(application !== undefined, `${id} was started`);
    return application;
  }
}
