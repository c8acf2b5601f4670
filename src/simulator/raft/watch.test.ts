import { expect, test } from "vitest";
import { LoneMember } from "../../../test/support/raft-member.ts";
import { toUtf8 } from "../../base/text.ts";
import type { Entry, RaftState } from "../../protocols/raft/index.ts";
import { RaftWatch } from "./watch.ts";

type Member = { readonly id: string; readonly lone: LoneMember };

function watched(...ids: string[]): { watch: RaftWatch; members: Member[] } {
  const watch = new RaftWatch();
  const members = ids.map((id) => ({ id, lone: new LoneMember({ id, term: 1 }) }));
  for (const { id, lone } of members) watch.started(id, lone.state);
  return { watch, members };
}

/** Shows the watch what a member has stored since, and that it stepped. */
function look(watch: RaftWatch, { id, lone }: Member, from = 0): void {
  for (const record of lone.records.slice(from)) watch.persisted(id, record);
  watch.stepped(id, lone.state);
}

function entries(term: number, ...texts: string[]): Entry[] {
  return texts.map((text) => ({ term, kind: "payload", payload: toUtf8(text) }));
}

test("two leaders of one term break Election Safety", () => {
  const { watch, members } = watched("a", "b");
  const [a, b] = members as [Member, Member];
  a.lone.lead();
  look(watch, a);
  b.lone.lead();

  expect(() => look(watch, b)).toThrow("at most one leader is elected in term 2 (Election Safety): a, b");
});

test("two votes of one member in a term are found, its own included", () => {
  const { watch } = watched("a");
  watch.sent("a", "b", { kind: "voteReply", term: 3, granted: true });
  watch.sent("a", "c", { kind: "voteReply", term: 3, granted: false });

  expect(() => watch.sent("a", "c", { kind: "voteReply", term: 3, granted: true })).toThrow("votes once a term");
  expect(() => watch.sent("a", "b", { kind: "vote", term: 3, last: { index: 0, term: 0 } })).toThrow("votes once");
});

test("an acknowledgement of what is not durable is found", () => {
  const { watch } = watched("a");

  const early = () => watch.sent("a", "b", { kind: "appendReply", term: 1, match: 1, session: 0 } as never);

  expect(early).toThrow("only what is durable is acknowledged");
});

test("one place and term with two contents, or two pasts, breaks Log Matching", () => {
  const { watch } = watched("a", "b", "c");
  watch.persisted("a", { kind: "entries", from: 1, entries: entries(1, "x", "y") });
  watch.persisted("b", { kind: "entries", from: 1, entries: entries(1, "x") });

  const content = () => watch.persisted("b", { kind: "entries", from: 2, entries: entries(1, "z") });
  watch.persisted("c", { kind: "entries", from: 1, entries: entries(0, "x") });
  const past = () => watch.persisted("c", { kind: "entries", from: 2, entries: entries(1, "y") });

  expect(content).toThrow("(Log Matching): b at 2 in term 1");
  expect(past).toThrow("(Log Matching): c at 2 in term 1");
});

test("a commit that no majority stored is found", () => {
  const { watch, members } = watched("a", "b", "c");
  const [a] = members as [Member];
  a.lone.lead();
  look(watch, a);
  const before = a.lone.records.length;
  const state = a.lone.state as { -readonly [Key in keyof RaftState]: RaftState[Key] };
  state.commit = 1;

  expect(() => look(watch, a, before)).toThrow("a majority stored an entry before it is committed");
});

test("a term or a commit index that goes back is found", () => {
  const { watch, members } = watched("a");
  const [a] = members as [Member];
  const state = a.lone.state as { -readonly [Key in keyof RaftState]: RaftState[Key] };
  state.term = 0;

  expect(() => look(watch, a)).toThrow("a term never goes back");
});

test("a stored vote that is gone after a restart is found", () => {
  const { watch } = watched("a");
  watch.started("a", new LoneMember({ id: "a", term: 3, votedFor: "b" }).state);

  expect(() => watch.started("a", new LoneMember({ id: "a", term: 3 }).state)).toThrow("a stored vote survives");
  expect(() => watch.started("a", new LoneMember({ id: "a", term: 2 }).state)).toThrow("a stored term survives");
});
