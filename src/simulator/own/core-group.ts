import { type Codec, jsonCodec } from "../../base/bytes.ts";
import { newRandom, nextBelow, type Random } from "../../base/random.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import { Cluster } from "../cluster.ts";
import type { Plan, PlannedCall } from "../plans/plan.ts";
import type { Protocol, Watch } from "../protocol.ts";
import type { Trace } from "../trace.ts";
import { brokenClaim, checkClaims } from "./claims.ts";
import type { OwnCore, SeenGroup, SeenMember } from "./core.ts";
import { RecordStore } from "./record-store.ts";

/** How long a healed group is looked at when nothing must come true. */
const calmMs = 1000;

/** How often a client looks for a member that is up. */
const pauseMs = 40;

type Seen<V extends Vocabulary, State> = {
  -readonly [Key in keyof SeenMember<V, State>]: SeenMember<V, State>[Key];
} & { readonly outputs: V["output"][] };

/** A group of a user's own cores under simulation. */
export class CoreGroup<V extends Vocabulary, State> {
  readonly cluster: Cluster<V, State>;
  readonly #own: OwnCore<V, State>;
  readonly #random: Random;
  readonly #requests: V["request"][] = [];
  readonly #members: Seen<V, State>[] = [];
  readonly #seen: SeenGroup<V, State>;
  #checks = 0;
  #calmAt = 0;

  constructor(own: OwnCore<V, State>, plan: Plan, trace: Trace) {
    this.#own = own;
    this.#random = newRandom(plan.seed);
    this.#seen = { members: this.#members, requests: this.#requests };
    this.cluster = new Cluster<V, State>({
      protocol: coreProtocol(own, plan),
      members: plan.members,
      world: plan.world,
      seed: plan.seed,
      watch: this.#watch(),
      owner: ({ id }) => ({ take: (output) => void this.#member(id)?.outputs.push(output) }),
      trace,
    });
    for (const { id } of plan.members) this.cluster.start(id);
  }

  #member(id: string): Seen<V, State> | undefined {
    return this.#members.find((member) => member.id === id);
  }

  #watch(): Watch<V, State> {
    return {
      started: (id, state) => {
        const member = this.#member(id);
        if (member !== undefined) member.state = state;
        else {
          const { cluster } = this;
          const isUp = () => cluster.member(id).isUp;
          this.#members.push({
            id,
            state,
            outputs: [],
            get isUp() {
              return isUp();
            },
          });
        }
      },
      persisted: () => undefined,
      sent: () => undefined,
      stepped: (id, state) => {
        const member = this.#member(id);
        if (member !== undefined) member.state = state;
        this.#checks++;
        checkClaims(this.#own.invariants, this.#seen);
      },
      wiped: () => undefined,
    };
  }

  /** Hands a request to some member that is up; there may be none for a while. */
  call(planned: PlannedCall, done: () => void): void {
    const live = this.cluster.members.filter((member) => member.isUp);
    const member = live[nextBelow(this.#random, live.length)];
    if (member === undefined) return this.cluster.queue.after(pauseMs, () => this.call(planned, done));
    this.#requests.push(planned.call);
    this.cluster.request(member.id, planned.call);
    done();
  }

  act(): void {}

  calm(): void {
    this.#calmAt = this.cluster.now;
  }

  unrest(): string | undefined {
    const { eventually } = this.#own;
    if (eventually !== undefined) return brokenClaim(eventually, this.#seen);
    return this.cluster.now < this.#calmAt + calmMs ? "it was just healed" : undefined;
  }

  judge(): void {
    checkClaims(this.#own.invariants, this.#seen);
  }

  counts(): Readonly<Record<string, number>> {
    return { checks: this.#checks, requests: this.#requests.length };
  }
}

function coreProtocol<V extends Vocabulary, State>(own: OwnCore<V, State>, plan: Plan): Protocol<V, State> {
  const members = plan.members.map(({ id }) => id);
  const records: Codec<V["record"]> = own.record ?? jsonCodec();
  const { leads } = own;
  return {
    name: "core",
    messages: own.message ?? jsonCodec(),
    emptyStore: () => new RecordStore<V>(records),
    start: ({ plan: { id }, store, seed }) => {
      const stored = (store as RecordStore<V>).records(); // made by `emptyStore`
      return own.core({ id, members, records: stored, seed });
    },
    ...(leads && { view: (state: Readonly<State>) => ({ leads: leads(state), leader: undefined }) }),
    words: { message: words, record: (record) => `stores ${words(record)}`, output: words },
  };
}

function words(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
