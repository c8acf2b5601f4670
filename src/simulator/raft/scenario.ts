import { noBytes } from "../../base/bytes.ts";
import { encodeRecord, type RaftOptions, type RaftState, type RaftVocabulary } from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import { LogScenario, type LogSetup } from "../replicated/scenario/scenario.ts";
import { raftLog } from "./log-protocol.ts";
import { beginRaftStore, type RaftStore } from "./store.ts";

/** What makes one cluster. */
export interface Setup extends Omit<LogSetup, "past" | "options"> {
  readonly options?: Partial<Omit<RaftOptions, "id" | "seed">>;
  /** The past that members start with: the term they are in, and the terms of their entries. */
  readonly past?: { readonly term: number; readonly logs: ReadonlyMap<string, readonly number[]> };
}

/** Words for tests of Raft. */
export class RaftScenario extends LogScenario<RaftVocabulary, RaftState> {
  constructor({ past, options, ...setup }: Setup) {
    const given = (options ?? {}) as NonNullable<LogSetup["options"]>;
    const preloaded: Pick<LogSetup, "past"> = past
      ? { past: (store, id, members) => preload(store as RaftStore, past.term, past.logs.get(id) ?? [], members) }
      : {};
    super(raftLog, { ...setup, options: given, ...preloaded });
  }

  /** Ends a member's patience; it leads if the others let it. */
  elect(id: string): void {
    const member = this.cluster.member(id);
    while (member.state.role === "follower") this.cluster.arrive(member, { kind: "tick" });
  }

  /** One line a member: role and term, the terms of its entries, and its indexes. */
  logs(): string {
    const lines = this.ids().map((id) => {
      if (!this.isUp(id)) return `${id} is down`;
      const { role, term, log, commit } = this.state(id);
      const { base } = log;
      const words = base.index === 0 ? [] : [`(${base.index}@${base.term})`];
      for (let index = base.index + 1; index <= log.last; index++) words.push(String(termAt(log, index)));
      return `${id} ${role} t${term}: ${words.join(" ")} | commit ${commit}`;
    });
    return lines.join("\n");
  }
}

/** Gives a machine that was never started a past: entries of these terms, and the term it is in. */
function preload(
  store: RaftStore,
  term: number,
  terms: readonly number[],
  members: readonly { readonly id: string; readonly address: string }[],
): void {
  beginRaftStore(store, { members, outgoing: [], learners: [] });
  const state = { kind: "state", term, votedFor: undefined } as const;
  store.put([state], [encodeRecord(state)]);
  if (terms.length === 0) return;
  const entries = terms.map((each) => ({ term: each, kind: "none", payload: noBytes }) as const);
  const record = { kind: "entries", from: 1, entries } as const;
  store.put([record], [encodeRecord(record)]);
}
