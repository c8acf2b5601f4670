import { noBytes } from "../../src/base/bytes.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  type LogRequest,
  type Member,
  MultiPaxos,
  type PaxosMessage,
  type PaxosOptions,
  type PaxosRecord,
  type PaxosState,
  type PaxosVocabulary,
  Recovery,
  type Update,
} from "../../src/protocols/multi-paxos/index.ts";
import { viewOf } from "../../src/protocols/multi-paxos/membership/configurations.ts";
import type { Report, Unstamped } from "../../src/protocols/multi-paxos/messages.ts";
import { messageWords, outputWords, recordWords } from "../../src/simulator/multi-paxos/words.ts";

/** How a lone member starts. */
export interface PaxosSetup {
  /** Ids of the founders, a letter each. Default "abc". */
  readonly members?: string;
  /** The member under test. Default the first of `members`. */
  readonly id?: string;
  /** What is on its disk behind the founding. */
  readonly records?: readonly PaxosRecord[];
  readonly applied?: number;
  readonly options?: Partial<PaxosOptions>;
}

/** A client's update; of no client when it is a no-op. */
export function update(text: string, timestamp: number, client = 7, term = 1): Update {
  return { term, kind: "payload", payload: toUtf8(text), client, timestamp };
}

/** A no-op first proposed in `term`. */
export function noop(term: number): Update {
  return { term, kind: "none", payload: noBytes, client: 0, timestamp: 0 };
}

/** What an answer to Prepare says of one place: accepted in `view`; 0: ordered. */
export function report(seq: number, accepted: number, what: Update): Report {
  return { seq, accepted, update: what };
}

/** Members named by a letter each. */
export function paxosMembers(ids: string): Member[] {
  return [...ids].map((id) => ({ id, address: `${id}:1` }));
}

/** Distributes over the union, which `Partial` of a union of messages needs. */
type Said = Unstamped & { readonly epoch?: number; readonly aru?: number };

/**
 * One core alone, with hand-made inputs: what it does is answered in words.
 *
 * `→ b …` waits for the disk, `⇢ b …` may overtake it, `store …` is a record, all else an output.
 */
export class PaxosMember {
  readonly core: MultiPaxos;
  /** All records asked for, in order. */
  readonly records: PaxosRecord[] = [];
  readonly sent: { readonly to: string; readonly message: PaxosMessage; readonly isAhead: boolean }[] = [];
  /** What the next step takes for the time, in ms of its host. */
  now = 0;
  readonly #others: string[];

  constructor(setup: PaxosSetup = {}) {
    const { members = "abc", records = [], options = {} } = setup;
    const id = setup.id ?? members[0] ?? "a";
    this.#others = [...members].filter((other) => other !== id);
    const recovery = new Recovery(paxosMembers(members), options.tailBytesMax ?? 2 ** 23, options.alpha ?? 8);
    for (const record of records) recovery.take(record);
    const complete = { progressTicks: 10, heartbeatTicks: 2, staggerTicks: 2, alpha: 8, ...options, id, seed: 1 };
    this.core = new MultiPaxos(complete, { memory: recovery.finish(), applied: setup.applied ?? 0 });
  }

  get state(): Readonly<PaxosState> {
    return this.core.inspect();
  }

  /** One step; its effects in words, in the order they were asked for. */
  step(...inputs: readonly Input<PaxosVocabulary>[]): string[] {
    const words: string[] = [];
    const sent = (to: string, message: PaxosMessage, isAhead: boolean) => {
      words.push(`${isAhead ? "⇢" : "→"} ${to} ${messageWords(message)}`);
      this.sent.push({ to, message, isAhead });
    };
    this.core.step(inputs, this.now, {
      persist: (record) => {
        words.push(recordWords(record));
        return this.records.push(record);
      },
      send: (to, message) => sent(to, message, false),
      sendAhead: (to, message) => sent(to, message, true),
      output: (output) => words.push(outputWords(output)),
    });
    return words;
  }

  /** A message of this member's epoch, from who has ordered nothing, unless it says otherwise. */
  receive(from: string, ...messages: readonly Said[]): string[] {
    return this.step(
      ...messages.map((message) => {
        const stamped = { epoch: this.state.configuration?.epoch ?? 0, aru: 0, ...message };
        return { kind: "receive", from, message: stamped } as const;
      }),
    );
  }

  request(request: LogRequest): string[] {
    return this.step({ kind: "request", request });
  }

  propose(id: number, ...texts: readonly string[]): string[] {
    return this.request({ kind: "propose", id, payloads: texts.map(toUtf8) });
  }

  /** All records asked for so far are durable. */
  flush(): string[] {
    return this.step({ kind: "persisted", count: this.records.length });
  }

  /** Ticks, each a step of its own; all effects. */
  tick(count = 1): string[] {
    return Array.from({ length: count }, () => this.step({ kind: "tick" })).flat();
  }

  /** The others are heard, and hear it. */
  connect(installed = this.state.lastInstalled): void {
    for (const other of this.#others) {
      const heard = [this.state.config.id];
      this.receive(other, { kind: "viewProof", installed, heard, leaderAlive: false });
    }
  }

  /** Waits until it attempts a view; which. */
  attempt(): number {
    for (let count = 0; count < 100; count++) {
      if (count % 5 === 0) this.connect();
      this.tick();
      if (this.state.role !== "election" || this.state.lastAttempted > this.state.lastInstalled) break;
    }
    return this.state.lastAttempted;
  }

  /** Has it prepare its next view, wanted by a quorum; which. */
  prepare(): number {
    const attempted = this.attempt();
    for (const other of this.#others) {
      if (this.state.role === "election") this.receive(other, { kind: "viewChange", attempted, heard: [] });
    }
    this.flush();
    return this.state.lastInstalled;
  }

  /** Has it lead, by answers of others that report `reports`, and have ordered everything through `aru`. */
  lead(reports: readonly Report[] = [], aru = 0): number {
    const view = this.prepare();
    for (const from of this.#others) this.answer(from, view, reports, aru);
    return view;
  }

  /** An answer to Prepare, in one part. */
  answer(from: string, view: number, reports: readonly Report[] = [], aru = 0): string[] {
    return this.receive(from, { kind: "prepareOk", view, build: 1, part: 0, parts: 1, reports, aru });
  }

  /** It follows `leader` in a view of its, through a heartbeat. */
  follow(leader = "b", view = viewOf(this.state.configuration?.epoch ?? 0, 1)): number {
    this.receive(leader, { kind: "heartbeat", view, ordered: 0, stable: 0, round: 0 });
    return view;
  }

  /** The texts of all entries given to the owner; `-` for those without. */
  static texts(updates: readonly Update[]): string {
    return updates.map(({ kind, payload }) => (kind === "payload" ? fromUtf8(payload) : "-")).join(" ");
  }
}

/** Those words that begin so. */
export function only(words: readonly string[], ...starts: readonly string[]): string[] {
  return words.filter((word) => starts.some((start) => word.startsWith(start)));
}
