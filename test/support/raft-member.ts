import { noBytes } from "../../src/base/bytes.ts";
import { toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  type Entry,
  encodeMembership,
  type LogRequest,
  type Member,
  type Membership,
  Raft,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftState,
  type RaftVocabulary,
  Recovery,
  type SnapshotName,
} from "../../src/protocols/raft/index.ts";
import { messageWords, outputWords, recordWords } from "../../src/simulator/raft/words.ts";

/** How a lone member starts. */
export interface MemberSetup {
  /** Ids of all members, a letter each; the first is the one under test. Default "abc". */
  readonly members?: string;
  /** Voters before a change under way, and learners; a letter each. Default none. */
  readonly outgoing?: string;
  readonly learners?: string;
  /** The member under test, where it is not the first of `members`. */
  readonly id?: string;
  readonly term?: number;
  readonly votedFor?: string;
  /** Stored entries, or their terms, from index 1 on (behind `snapshot`, if given). */
  readonly log?: readonly (number | Entry)[];
  /** A stored snapshot, of which the log starts. */
  readonly snapshot?: SnapshotName;
  /** What the owner has taken in. */
  readonly applied?: number;
  readonly options?: Partial<RaftOptions>;
}

/** Entries of these terms, without content but for those given a text. */
export function entriesOf(...items: readonly (number | Entry | readonly [term: number, text: string])[]): Entry[] {
  return items.map((item) => {
    if (typeof item === "number") return { term: item, kind: "none", payload: noBytes };
    return "kind" in item ? item : { term: item[0], kind: "payload", payload: toUtf8(item[1]) };
  });
}

/** Members named by a letter each. */
export function lettered(ids: string): Member[] {
  return [...ids].map((id) => ({ id, address: `${id}:1` }));
}

/** A membership whose members are named by a letter each. */
export function membershipNamed(members: string, outgoing = "", learners = ""): Membership {
  return { members: lettered(members), outgoing: lettered(outgoing), learners: lettered(learners) };
}

/** The entry that such a membership is in. */
export function membershipEntry(term: number, members: string, outgoing = "", learners = ""): Entry {
  return { term, kind: "members", payload: encodeMembership(membershipNamed(members, outgoing, learners)) };
}

/**
 * One Raft core alone, with hand-made inputs: what it does is answered in words.
 *
 * `→ b …` waits for the disk, `⇢ b …` may overtake it, `store …` is a record, all else an output.
 */
export class LoneMember {
  readonly raft: Raft;
  /** The host's monotonic ms: of the next step. */
  now = 0;
  /** All records asked for, in order. */
  readonly records: RaftRecord[] = [];
  readonly sent: { readonly to: string; readonly message: RaftMessage; readonly isAhead: boolean }[] = [];

  constructor(setup: MemberSetup = {}) {
    const { members = "abc", outgoing, learners, term, votedFor, log = [], snapshot, options = {} } = setup;
    const recovery = new Recovery([], options.tailBytesMax ?? 2 ** 23);
    const start = snapshot?.index ?? 0;
    const base = { index: start, term: snapshot?.term ?? 0 };
    const membership = membershipNamed(members, outgoing, learners);
    if (term !== undefined) recovery.take({ kind: "state", term, votedFor });
    recovery.take({ kind: "base", base, snapshot, membership });
    if (log.length > 0) recovery.take({ kind: "entries", from: start + 1, entries: entriesOf(...log) });
    const complete = { electionTicks: 10, heartbeatTicks: 2, ...options, id: setup.id ?? members[0] ?? "a", seed: 1 };
    this.raft = new Raft(complete, { memory: recovery.finish(), applied: setup.applied ?? start });
  }

  get state(): Readonly<RaftState> {
    return this.raft.inspect();
  }

  /** One step; its effects in words, in the order they were asked for. */
  step(...inputs: readonly Input<RaftVocabulary>[]): string[] {
    const words: string[] = [];
    this.raft.step(inputs, this.now, {
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
    return this.step(
      ...messages.map((message) => ({ kind: "receive", from, message: inSession(this.state, from, message) }) as const),
    );
  }

  request(request: LogRequest): string[] {
    return this.step({ kind: "request", request });
  }

  propose(id: number, ...texts: readonly string[]): string[] {
    return this.request({ kind: "propose", id, payloads: texts.map(toUtf8) });
  }

  /** `from` has stored all through `match`: through the last entry by default. */
  stored(from: string, match: number = this.state.log.last): string[] {
    return this.receive(from, { kind: "appendReply", term: this.state.term, match });
  }

  /** Asks for a membership whose members are named by a letter each. */
  change(members: string, learners = "", id = 1): string[] {
    return this.request({ kind: "change", id, members: lettered(members), learners: lettered(learners) });
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
    const { members, outgoing } = this.state.membership;
    const others = [...members, ...outgoing].map(({ id }) => id).filter((id) => id !== this.state.config.id);
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

/** An answer that names no session is of the present one, unless the follower speaks version 1. */
export function inSession(state: Readonly<RaftState>, from: string, message: RaftMessage): RaftMessage {
  const session = state.leadership?.peers.get(from)?.session;
  const isAnswer = /^(?:appendReply|appendConflict|heartbeatReply|chunkReply)$/.test(message.kind);
  if (!isAnswer || session === undefined || "session" in message || state.speaks.get(from) === 1) return message;
  return { ...message, session } as RaftMessage;
}

/** A leader whose opening entry all others have stored. */
export function settledLeader(setup: MemberSetup = {}): LoneMember {
  const member = new LoneMember(setup);
  member.lead();
  member.persisted();
  for (const id of member.state.leadership?.peers.keys() ?? []) member.stored(id);
  member.persisted();
  return member;
}

/** A snapshot's name for tests that never look inside. */
export function snapshotOf(index: number, term: number, bytes = 10): SnapshotName {
  return { index, term, bytes, checksum: 7 };
}
