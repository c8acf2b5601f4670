import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  type Decree,
  type Frame,
  Gate,
  type GenesisRecord,
  type Header,
  type Stamp,
  TotalOrder,
  type TotalOrderMessage,
  type TotalOrderOptions,
  type TotalOrderOutput,
  type TotalOrderRequest,
  type TotalOrderState,
  type TotalOrderVocabulary,
} from "../../src/protocols/total-order/index.ts";
import { messageWords, outputWords, recordWords } from "../../src/simulator/total-order/words.ts";

/** A message as a test writes it: the stamp follows from who sends it. */
type Unstamped = TotalOrderMessage extends infer M ? (M extends TotalOrderMessage ? Omit<M, "stamp"> : never) : never;

/** What makes one member. */
export interface MemberSetup {
  /** Of them b is tested, by default. All are of incarnation 1; a star means: without the state. */
  readonly members?: readonly string[];
  readonly node?: string;
  readonly options?: Partial<TotalOrderOptions>;
  readonly genesis?: GenesisRecord;
  /** Seeks a group instead of being in view 1. */
  readonly isSeeking?: boolean;
}

/** One member whose every input a test chooses. What it does in a step comes back as words. */
export class LoneMember {
  readonly core: TotalOrder;
  readonly nodes: readonly string[];
  readonly outputs: TotalOrderOutput[] = [];
  readonly sent: { to: string; message: TotalOrderMessage }[] = [];
  /** What was asked to be stored is durable with the next input. */
  isStuck = false;
  readonly #gate: Gate<TotalOrderVocabulary>;
  #words: string[] = [];
  #asked = 0;
  #durable = 0;
  #ids = 0;

  constructor({ members = ["a", "b", "c"], node = "b", options, genesis, isSeeking = false }: MemberSetup = {}) {
    this.nodes = members.map((name) => name.replace("*", ""));
    this.core = new TotalOrder({ node, incarnation: 1, seeds: this.nodes, seed: 1, ...options }, genesis);
    this.#gate = new Gate(this.core);
    if (isSeeking) return;
    const list = members.map((name) => ({
      node: name.replace("*", ""),
      incarnation: 1,
      restored: !name.endsWith("*"),
    }));
    this.install({ members: list, position: 0 });
  }

  get state(): Readonly<TotalOrderState> {
    return this.core.inspect();
  }

  /** The names of what was delivered. */
  get delivered(): string[] {
    return this.outputs.flatMap((output) => (output.kind === "deliver" ? [fromUtf8(output.payload)] : []));
  }

  /** One step. Messages to several that are the same are one line. */
  take(...inputs: Input<TotalOrderVocabulary>[]): string[] {
    this.#words = [];
    const sends: { to: string[]; message: TotalOrderMessage }[] = [];
    if (!this.isStuck) this.#durable = this.#asked;
    this.#gate.step([...inputs, { kind: "persisted", count: this.#durable }], 0, {
      send: (to, message) => {
        this.sent.push({ to, message });
        const last = sends.at(-1);
        if (last?.message === message) last.to.push(to);
        else sends.push({ to: [to], message });
      },
      persist: (records) => {
        this.#asked += records.length;
        this.#words.push(...records.map(recordWords));
      },
      output: (output) => {
        this.outputs.push(output);
        this.#words.push(outputWords(output));
      },
    });
    const said = sends.map(
      ({ to, message }) => `→ ${to.join(" ")} ${messageWords(message).replace(/^\S+ \(\d+\) /, "")}`,
    );
    return [...said, ...this.#words];
  }

  hear(from: string, message: Unstamped, stamp: Partial<Stamp> = {}): string[] {
    return this.take(this.message(from, message, stamp));
  }

  /** A message from somebody of our view, unless the stamp says otherwise. */
  message(from: string, message: Unstamped, stamp: Partial<Stamp> = {}): Input<TotalOrderVocabulary> {
    const { group, number } = this.state.view;
    const full = { group, view: number, incarnation: 1, ...stamp };
    return { kind: "receive", from, message: { ...message, stamp: full } as TotalOrderMessage };
  }

  request(request: TotalOrderRequest): string[] {
    return this.take({ kind: "request", request });
  }

  multicast(...texts: string[]): string[] {
    return this.take(
      ...texts.map((text) => {
        const request = { kind: "multicast", id: ++this.#ids, payload: toUtf8(text) } as const;
        return { kind: "request", request } as const;
      }),
    );
  }

  tick(count = 1): string[] {
    return Array.from({ length: count }, () => this.take({ kind: "tick" })).flat();
  }

  /** Ticks in which some others are heard, who know nothing new. */
  tickHearing(count: number, ...from: string[]): string[] {
    return Array.from({ length: count }, () => [
      ...this.tick(),
      ...from.flatMap((each) => this.hear(each, this.#nothingFrom(each))),
    ]).flat();
  }

  #nothingFrom(node: string): Unstamped {
    const { members } = this.state.view;
    const restored = members.some((member) => member.node === node && member.restored);
    const received = members.map(() => 0);
    return { kind: "null", header: header(0, 0, received, { restored }), missing: false };
  }

  /** The next view, as told by a. */
  install(decree: Partial<Decree>, from = "a"): string[] {
    const { view, clock } = this.state;
    const cut = view.members.map(() => 0);
    const group = view.group === "" ? "a#1" : view.group;
    const full = { group, base: view.number, members: [], cut, tail: [], clock, position: 0, ...decree };
    return this.hear(from, { kind: "install", decree: full });
  }
}

/** A frame with texts. */
export function frame(number: number, timestamp: number, ...texts: string[]): Frame {
  return { number, timestamp, payloads: texts.map(toUtf8) };
}

/** What a member says of itself. */
export function header(clock: number, sent: number, received: readonly number[], rest: Partial<Header> = {}): Header {
  return { clock, sent, received, leaving: false, restored: true, ...rest };
}

/** A frame as it is sent for the first time. */
export function data(received: readonly number[], sent: Frame, clock: number = sent.timestamp): Unstamped {
  return { kind: "data", header: header(clock, sent.number, received), frame: sent };
}

/** A statement without a frame. */
export function says(clock: number, sent: number, received: readonly number[], missing = false): Unstamped {
  return { kind: "null", header: header(clock, sent, received), missing };
}
