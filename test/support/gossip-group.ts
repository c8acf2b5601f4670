import { newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import {
  Gossip,
  type GossipMessage,
  type GossipOptions,
  type GossipOutput,
  type GossipState,
  type GossipVocabulary,
  type Input,
  type Topology,
} from "../../src/protocols/gossip/index.ts";

/** What makes one group. */
export interface GroupSetup {
  readonly members: number;
  readonly options?: Partial<GossipOptions>;
  /** How long a message is on its way, in ticks. Default 1. */
  readonly delayTicks?: number;
  /** How much longer some messages take, at most. Default 0. */
  readonly jitterTicks?: number;
  readonly seed?: number;
}

/** A message as it left. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly message: GossipMessage;
  readonly sentAt: number;
}

/** A text that was delivered. */
export interface Delivery {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

/** Gossip members on links that a test cuts as it likes, in virtual time: a tick of all, then what arrives by then. */
export class GossipGroup {
  readonly ids: readonly string[];
  /** All that was ever sent, and all that was ever delivered, in order. */
  readonly sent: Letter[] = [];
  readonly delivered: Delivery[] = [];
  readonly outputs = new Map<string, GossipOutput[]>();
  tick = 0;
  /** Share of messages that are lost. */
  loss = 0;
  /** Whether a message arrives; judged when it is sent. */
  passes: (letter: Letter) => boolean = () => true;
  readonly #setup: GroupSetup;
  readonly #members = new Map<string, Gossip>();
  readonly #cuts = new Set<string>();
  readonly #random: Random;
  #underWay: { readonly letter: Letter; readonly dueAt: number }[] = [];
  #lives = 0;
  #requests = 0;

  constructor(setup: GroupSetup) {
    this.#setup = setup;
    this.#random = newRandom(setup.seed ?? 1);
    const width = String(setup.members - 1).length;
    this.ids = Array.from({ length: setup.members }, (_, at) => `n${String(at).padStart(width, "0")}`);
    for (const id of this.ids) this.start(id);
  }

  /** Starts a member, for the first time or again: then it has lost all it had. */
  start(id: string, options: Partial<GossipOptions> = {}): void {
    const life = ++this.#lives;
    const { ids } = this;
    const given = { id, incarnation: life, seed: life, members: ids, ...this.#setup.options, ...options };
    this.#members.set(id, new Gossip(given));
  }

  stop(id: string): void {
    this.#members.delete(id);
  }

  state(id: string): Readonly<GossipState> {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`${id} is down`);
    return member.inspect();
  }

  submit(id: string, ...texts: string[]): number {
    this.#step(id, { kind: "request", request: { kind: "submit", id: ++this.#requests, payloads: texts.map(toUtf8) } });
    return this.#requests;
  }

  /** From now on, these are the links as far as `id` is concerned. */
  arrange(id: string, topology: Topology): void {
    this.#step(id, { kind: "request", request: { kind: "arrange", topology } });
  }

  /** The host of `id` believes that its link to `peer` broke or was made. */
  link(id: string, peer: string, up: boolean): void {
    this.#step(id, { kind: "link", peer, up });
  }

  /** A message arrives that nobody sent. */
  inject(from: string, to: string, message: GossipMessage): void {
    this.#step(to, receive(from, message));
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Cuts every link, both ways, between `ids` and all others. */
  split(...ids: string[]): void {
    for (const one of ids) {
      for (const other of this.ids.filter((id) => !ids.includes(id))) {
        this.cut(one, other);
        this.cut(other, one);
      }
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  run(ticks: number): void {
    const end = this.tick + ticks;
    while (this.tick < end) {
      this.tick++;
      this.#arrive();
      for (const id of this.#members.keys()) this.#step(id, { kind: "tick" });
    }
  }

  /** Lets time pass until `isDone`; returns how many ticks that took. */
  until(isDone: () => boolean, ticksMax = 5000): number {
    const start = this.tick;
    while (!isDone()) {
      if (this.tick - start >= ticksMax) throw new Error(`not within ${ticksMax} ticks`);
      this.run(1);
    }
    return this.tick - start;
  }

  /** The texts that a member delivered, in this life or an earlier one, in order of their letters. */
  texts(id: string): string[] {
    return this.delivered
      .filter((each) => each.id === id)
      .map(({ text }) => text)
      .sort();
  }

  /** Whether every member that is up has delivered all of `texts`. */
  allHave(...texts: string[]): boolean {
    return [...this.#members.keys()].every((id) => {
      const has = new Set(this.texts(id));
      return texts.every((text) => has.has(text));
    });
  }

  /** What was sent since a tick, of these kinds. */
  since(tick: number, ...kinds: GossipMessage["kind"][]): Letter[] {
    return this.sent.filter(
      ({ sentAt, message }) => sentAt > tick && (kinds.length === 0 || kinds.includes(message.kind)),
    );
  }

  #arrive(): void {
    const due = this.#underWay.filter(({ dueAt }) => dueAt <= this.tick).map(({ letter }) => letter);
    if (due.length === 0) return;
    this.#underWay = this.#underWay.filter(({ dueAt }) => dueAt > this.tick);
    for (const id of this.#members.keys()) {
      const mine = due.filter(({ to }) => to === id);
      if (mine.length > 0) this.#step(id, ...mine.map(({ from, message }) => receive(from, message)));
    }
  }

  /** All that arrives at a member in one tick is one occasion. */
  #step(id: string, ...inputs: Input<GossipVocabulary>[]): void {
    this.#members.get(id)?.step(inputs, 0, {
      send: (to, message) => this.#send({ from: id, to, message, sentAt: this.tick }),
      sendAhead: (to, message) => this.#send({ from: id, to, message, sentAt: this.tick }),
      persist: () => {
        throw new Error("gossip stores nothing");
      },
      output: (output) => this.#take(id, output),
    });
  }

  #send(letter: Letter): void {
    this.sent.push(letter);
    const isLost = this.loss > 0 && nextBelow(this.#random, 1000) < this.loss * 1000;
    const isCut = this.#cuts.has(`${letter.from}>${letter.to}`);
    if (isLost || isCut || !this.passes(letter)) return;
    const { delayTicks = 1, jitterTicks = 0 } = this.#setup;
    const dueAt = this.tick + delayTicks + (jitterTicks > 0 ? nextBelow(this.#random, jitterTicks + 1) : 0);
    this.#underWay.push({ letter, dueAt });
  }

  #take(id: string, output: GossipOutput): void {
    const outputs = this.outputs.get(id) ?? [];
    this.outputs.set(id, outputs);
    outputs.push(output);
    if (output.kind !== "deliver") return;
    for (const payload of output.payloads) this.delivered.push({ id, text: fromUtf8(payload), at: this.tick });
  }
}

function receive(from: string, message: GossipMessage): Input<GossipVocabulary> {
  return { kind: "receive", from, message };
}
