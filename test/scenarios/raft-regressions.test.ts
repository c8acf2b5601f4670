import { expect, test } from "vitest";
import { toUtf8 } from "../../src/base/text.ts";
import type { Input } from "../../src/protocols/core.ts";
import {
  type Entry,
  Gate,
  type LogOutput,
  Raft,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftVocabulary,
  Recovery,
} from "../../src/protocols/raft/index.ts";
import { membershipOf } from "../../src/protocols/replicated-log.ts";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { inSession } from "../support/raft-member.ts";

const members = ["a", "b", "c"].map((id) => ({ id, address: `${id}:1` }));

/** One member whose every input a test chooses. What it persists is durable with the next input, unless `isStuck`. */
class Member {
  readonly raft: Raft;
  readonly outputs: LogOutput[] = [];
  sent: { to: string; message: RaftMessage }[] = [];
  isStuck = false;
  readonly #gate: Gate<RaftVocabulary>;
  #persisted = 0;
  #durable = 0;

  constructor(id: string, options: Partial<RaftOptions> = {}, records: readonly RaftRecord[] = []) {
    const recovery = new Recovery(members, 2 ** 20);
    for (const record of records) recovery.take(record);
    const memory = recovery.finish();
    this.raft = new Raft({ id, seed: 1, ...options }, { memory, applied: memory.snapshot?.index ?? 0 });
    this.#gate = new Gate(this.raft);
  }

  take(...inputs: Input<RaftVocabulary>[]): void {
    if (!this.isStuck) this.#durable = this.#persisted;
    const persisted: Input<RaftVocabulary> = { kind: "persisted", count: this.#durable };
    this.#gate.step([...inputs, persisted], 0, {
      send: (to, message) => this.sent.push({ to, message }),
      persist: (asked) => {
        this.#persisted += asked.length;
      },
      output: (output) => this.outputs.push(output),
    });
  }

  receive(from: string, message: RaftMessage): void {
    this.take({ kind: "receive", from, message: inSession(this.raft.inspect(), from, message) });
    this.take();
  }

  /** Has it elected, by the vote of b. */
  elect(): void {
    const { raft } = this;
    while (raft.inspect().role === "follower") this.take({ kind: "tick" });
    this.receive("b", { kind: "preVoteReply", term: raft.inspect().term + 1, granted: true });
    this.receive("b", { kind: "voteReply", term: raft.inspect().term, granted: true });
    expect(raft.inspect().role).toBe("leader");
  }

  /** Messages of one kind sent to `to` so far. */
  sentTo(to: string, kind: RaftMessage["kind"]): RaftMessage[] {
    return this.sent.filter((sent) => sent.to === to && sent.message.kind === kind).map(({ message }) => message);
  }
}

function entry(term: number, text: string): Entry {
  return { term, kind: "payload", payload: toUtf8(text) };
}

test("entries that storage read before they were replaced are not delivered", () => {
  const follower = new Member("b", { deliveryBytesMax: 1, tailBytesMax: 1 });
  const old = [entry(1, "x"), entry(1, "y"), entry(1, "z")];
  follower.receive("a", { kind: "append", term: 1, previous: { index: 0, term: 0 }, commit: 1, entries: old });
  follower.receive("a", { kind: "heartbeat", term: 1, commit: 2, round: 0, sent: 3 });
  follower.take({ kind: "request", request: { kind: "applied", index: 1 } });
  const want = follower.outputs.findLast((output) => output.kind === "want");

  follower.receive("c", {
    kind: "append",
    term: 2,
    previous: { index: 2, term: 1 },
    commit: 3,
    entries: [entry(2, "Z")],
  });
  const found = { kind: "entries", from: 2, entries: old.slice(1) } as const;
  follower.take({ kind: "request", request: { kind: "supply", want: want?.want ?? 0, found } });

  const committed = follower.outputs.filter((output) => output.kind === "committed");
  const delivered = committed.flatMap((output) => output.entries);
  expect(delivered).toEqual([entry(1, "x"), entry(1, "y")]);
});

test("a new leader whose link is remade sends no snapshot to a follower that may have everything", () => {
  const base = { index: 10, term: 1 };
  const leader = new Member("a", {}, [
    { kind: "base", base, snapshot: { ...base, bytes: 100, checksum: 7 }, membership: membershipOf(members) },
    { kind: "entries", from: 11, entries: [entry(1, "x"), entry(1, "y")] },
  ]);
  leader.elect();
  leader.sent = [];

  leader.take({ kind: "link", peer: "b", up: false });
  leader.take({ kind: "link", peer: "b", up: true });

  expect(leader.sentTo("b", "chunk")).toEqual([]);
  expect(leader.sentTo("b", "append")).toContainEqual(expect.objectContaining({ previous: { index: 12, term: 1 } }));
});

test("what a deposed leader had appended beyond the new leader's log is known to be lost without further traffic", () => {
  const cluster = new RaftScenario({ members: 3 });
  const deposed = cluster.leader();
  cluster.isolate(deposed);
  const numbers = ["x", "y", "z", "w"].map((text) => cluster.propose(deposed, text));

  cluster.leader(deposed);
  cluster.heal();
  cluster.run(1000);

  for (const number of numbers) expect(cluster.fate(deposed, number)).toEqual(["accepted", "lost"]);
});

test("reads do not repeat an append that a follower with a slow disk already has", () => {
  const leader = new Member("a");
  leader.elect();
  const { term } = leader.raft.inspect();
  leader.receive("b", { kind: "appendReply", term, match: 1 });
  leader.sent = [];

  for (let round = 2; round < 50; round++) {
    leader.take({ kind: "request", request: { kind: "barrier", id: round, mode: "quorum" } });
    leader.receive("b", { kind: "heartbeatReply", term, round, match: 1, missing: false });
    leader.receive("c", { kind: "heartbeatReply", term, round, match: 0, missing: false });
  }

  expect(leader.sentTo("c", "append")).toEqual([]);
});

test("an append that got lost while logs are compared is sent again", () => {
  const leader = new Member("a");
  leader.elect();
  const { term } = leader.raft.inspect();
  leader.sent = [];

  leader.receive("c", { kind: "heartbeatReply", term, round: 1, match: 0, missing: true });

  expect(leader.sentTo("c", "append")).toHaveLength(1);
});

test("a leader steps down when only those reach it who do not hear it, and the others elect one", () => {
  const cluster = new RaftScenario({ members: 5 });
  const leader = cluster.leader();
  const [b = "", c = "", d = "", e = ""] = cluster.ids(leader);
  for (const id of [d, e]) cluster.cut(leader, id); // they do not hear it, and it hears them
  cluster.run(2000);
  for (const id of [b, c]) cluster.cut(id, leader); // they hear it, and it does not hear them

  const next = cluster.leader(leader);
  cluster.propose(next, "x");
  cluster.run(500);

  for (const id of [b, c, d, e]) expect(cluster.texts(id)).toContain("x");
});

test("what was forwarded to a leader is given up at once when that leader turns up in a newer term", () => {
  const follower = new Member("b");
  follower.receive("a", { kind: "heartbeat", term: 1, commit: 0, round: 0, sent: 0 });
  follower.take({ kind: "request", request: { kind: "propose", id: 1, payloads: [toUtf8("x")] } });
  follower.take({ kind: "request", request: { kind: "barrier", id: 2, mode: "quorum" } });

  follower.receive("a", { kind: "heartbeat", term: 3, commit: 0, round: 0, sent: 0 });

  expect(follower.outputs).toContainEqual({ kind: "settled", id: 1, outcome: "unknown" });
  expect(follower.outputs).toContainEqual(expect.objectContaining({ kind: "refused", id: 2, reason: "no-leader" }));
});

test("a snapshot is sent from storage that takes longer than an election timeout for every piece", () => {
  const base = { index: 10, term: 1 };
  const snapshot = { ...base, bytes: 100, checksum: 7 };
  const leader = new Member("a", {}, [{ kind: "base", base, snapshot, membership: membershipOf(members) }]);
  leader.elect();
  const { term, config } = leader.raft.inspect();
  leader.receive("c", { kind: "appendConflict", term, rejected: 10, hint: { index: 0, term: 0 } });
  leader.receive("c", { kind: "chunkReply", term, snapshot, received: 0 });
  const want = leader.outputs.findLast((output) => output.kind === "want");
  leader.sent = [];

  for (let ticks = 0; ticks < 2 * config.electionTicks; ticks++) {
    leader.take({ kind: "tick" });
    leader.receive("b", { kind: "heartbeatReply", term, round: 1, match: 11, missing: false });
    leader.receive("c", { kind: "chunkReply", term, snapshot, received: 0 });
  }
  const found = { kind: "chunk", offset: 0, bytes: new Uint8Array(100) } as const;
  leader.take({ kind: "request", request: { kind: "supply", want: want?.want ?? 0, found } });

  expect(leader.sentTo("c", "chunk")).toContainEqual(expect.objectContaining({ offset: 0, bytes: found.bytes }));
});

test("a question that storage does not answer is asked again", () => {
  const follower = new Member("b", { deliveryBytesMax: 1, tailBytesMax: 1 });
  const entries = [entry(1, "x"), entry(1, "y")];
  follower.receive("a", { kind: "append", term: 1, previous: { index: 0, term: 0 }, commit: 1, entries });
  follower.receive("a", { kind: "heartbeat", term: 1, commit: 2, round: 0, sent: 2 });
  follower.take({ kind: "request", request: { kind: "applied", index: 1 } });

  for (let ticks = 0; ticks < 25; ticks++) follower.take({ kind: "tick" });

  const wants = follower.outputs.filter((output) => output.kind === "want");
  expect(wants).toHaveLength(2);
  expect(wants[1]).toEqual(wants[0]);
});
