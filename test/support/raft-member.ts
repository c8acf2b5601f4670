import { noBytes } from "../../src/base/bytes.ts";
import { toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  type Entry,
  type LogRequest,
  Raft,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftState,
  type RaftVocabulary,
  Recovery,
  type SnapshotName,
} from "../../src/protocols/raft/index.ts";
import { membershipOf } from "../../src/protocols/replicated-log.ts";
import { messageWords, outputWords, recordWords } from "../../src/simulator/raft/words.ts";

/** How a lone member starts. */
export interface MemberSetup {
  /** Ids of all members, a letter each; the first is the one under test. Default "abc". */
  readonly members?: string;
  readonly term?: number;
  readonly votedFor?: string;
  /** The term of each stored entry, from index 1 on (behind `snapshot`, if given). */
  readonly log?: readonly number[];
  /** A stored snapshot, of which the log starts. */
  readonly snapshot?: SnapshotName;
  /** What the owner has taken in. */
  readonly applied?: number;
  readonly options?: Partial<RaftOptions>;
}

/** Entries of these terms, without content but for those given a text. */
export function entriesOf(...items: readonly (number | readonly [term: number, text: string])[]): Entry[] {
  return items.map((item) =>
    typeof item === "number"
      ? { term: item, kind: "none", payload: noBytes }
      : { term: item[0], kind: "payload", payload: toUtf8(item[1]) },
  );
}

/**
 * One Raft core alone, with hand-made inputs: what it does is answered in words.
 *
 * `→ b …` waits for the disk, `⇢ b …` may overtake it, `store …` is a record, all else an output.
 */
export class LoneMember {
  readonly raft: Raft;
  /** All records asked for, in order. */
  readonly records: RaftRecord[] = [];
  readonly sent: { readonly to: string; readonly message: RaftMessage; readonly isAhead: boolean }[] = [];

  constructor(setup: MemberSetup = {}) {
    const { members = "abc", term, votedFor, log = [], snapshot, options = {} } = setup;
    const ids = [...members];
    const recovery = new Recovery(
      ids.map((id) => ({ id, address: `${id}:1` })),
      options.tailBytesMax ?? 2 ** 23,
    );
    const start = snapshot?.index ?? 0;
    const named = ids.map((id) => ({ id, address: `${id}:1` }));
    if (term !== undefined) recovery.take({ kind: "state", term, votedFor });
    if (snapshot !== undefined) {
      recovery.take({
        kind: "base",
        base: { index: start, term: snapshot.term },
        snapshot,
        membership: membershipOf(named),
      });
    }
    if (log.length > 0) recovery.take({ kind: "entries", from: start + 1, entries: entriesOf(...log) });
    const complete = { electionTicks: 10, heartbeatTicks: 2, ...options, id: ids[0] ?? "a", seed: 1 };
    this.raft = new Raft(complete, { memory: recovery.finish(), applied: setup.applied ?? start });
  }

  get state(): Readonly<RaftState> {
    return this.raft.inspect();
  }

  /** One step; its effects in words, in the order they were asked for. */
  step(...inputs: readonly Input<RaftVocabulary>[]): string[] {
    const words: string[] = [];
    this.raft.step(inputs, 0, {
      persist: (record) => {
        words.push(recordWords(record));
        return this.records.push(record);
      },
      send: (to, message) => {
        words.push(`→ ${to} ${messageWords(message)}`);
        this.sent.push({ to, message, isAhead: false });
      },
      sendAhead: (to, message) => {
        words.push(`⇢ ${to} ${messageWords(message)}`);
        this.sent.push({ to, message, isAhead: true });
      },
      output: (output) => words.push(outputWords(output)),
    });
    return words;
  }

  receive(from: string, ...messages: readonly RaftMessage[]): string[] {
    return this.step(...messages.map((message) => ({ kind: "receive", from, message }) as const));
  }

  request(request: LogRequest): string[] {
    return this.step({ kind: "request", request });
  }

  propose(id: number, ...texts: readonly string[]): string[] {
    return this.request({ kind: "propose", id, payloads: texts.map(toUtf8) });
  }

  /** Ticks, each a step of its own; all effects. */
  tick(count = 1): string[] {
    return Array.from({ length: count }, () => this.step({ kind: "tick" })).flat();
  }

  /** Ticks until the member campaigns; the effects of the tick that made it. */
  tickUntilCampaign(): string[] {
    for (let count = 0; count < 3 * this.state.config.electionTicks; count++) {
      const words = this.tick();
      if (this.state.role !== "follower") return words;
    }
    throw new Error("no campaign began");
  }

  /** All records asked for are durable. */
  persisted(): string[] {
    return this.step({ kind: "persisted", count: this.records.length });
  }

  link(peer: string, up: boolean): string[] {
    return this.step({ kind: "link", peer, up });
  }

  /** Makes the member lead in the term after its own, by the votes of the others; the effects of the last vote. */
  lead(): string[] {
    const others = this.state.membership.members.map(({ id }) => id).filter((id) => id !== this.state.config.id);
    this.tickUntilCampaign();
    const term = this.state.term + 1;
    for (const from of others) this.receive(from, { kind: "preVoteReply", term, granted: true });
    this.persisted();
    const words: string[] = [];
    for (const from of others) {
      if (this.state.role === "candidate")
        words.push(...this.receive(from, { kind: "voteReply", term, granted: true }));
    }
    if (this.state.role !== "leader") throw new Error("not elected");
    return words;
  }
}

/** A snapshot's name for tests that never look inside. */
export function snapshotOf(index: number, term: number, bytes = 10): SnapshotName {
  return { index, term, bytes, checksum: 7 };
}
