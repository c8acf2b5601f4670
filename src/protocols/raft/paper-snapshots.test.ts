import { describe, expect, test } from "vitest";
import { entriesOf, LoneMember, snapshotOf } from "../../../test/support/raft-member.ts";
import type { Bytes } from "../../base/bytes.ts";
import { membershipOf } from "../replicated-log.ts";
import type { RaftMessage, SnapshotName } from "./index.ts";

const nothing = new Uint8Array(0);

function chunk(snapshot: SnapshotName, offset: number, bytes: Bytes, term = 2): RaftMessage {
  const members = [..."abc"].map((id) => ({ id, address: `${id}:1` }));
  return { kind: "chunk", term, snapshot, membership: membershipOf(members), offset, bytes };
}

/** A leader of three in term 2 whose log starts behind a snapshot at 5@1; follower c lacks what came before. */
function leader(options: object = {}): LoneMember {
  const member = new LoneMember({ term: 1, snapshot: snapshotOf(5, 1, 10), log: [1], options });
  member.lead();
  member.persisted();
  member.receive("b", { kind: "appendReply", term: 2, match: 7 });
  return member;
}

const conflict = { kind: "appendConflict", term: 2, rejected: 6, hint: { index: 0, term: 0 } } as const;

describe("Raft paper §7, on the leader", () => {
  test("a snapshot of what is applied lets the log start behind it, less the entries kept for those a little behind", () => {
    const member = new LoneMember({ members: "a", term: 1, log: [1, 1, 1, 1, 1], options: { retainCount: 2 } });
    member.tickUntilCampaign();
    member.persisted();
    member.persisted();
    member.request({ kind: "applied", index: 6 });

    const words = member.request({ kind: "snapshotTaken", snapshot: snapshotOf(6, 2) });

    expect(words).toEqual(["store base 4@1 snapshot 6@2"]);
    expect(member.state.log).toMatchObject({ base: { index: 4, term: 1 }, tailFrom: 5, last: 6 });
  });

  test("a snapshot older than the newest changes nothing, one of what was never applied is a broken promise", () => {
    const member = leader();

    expect(member.request({ kind: "snapshotTaken", snapshot: snapshotOf(4, 1) })).toEqual([]);
    expect(() => member.request({ kind: "snapshotTaken", snapshot: snapshotOf(9, 2) })).toThrow("applied");
  });

  test("the leader sends its snapshot when the next entry for a follower is no longer in its log", () => {
    const member = leader();

    expect(member.receive("c", conflict)).toEqual(["⇢ c t2 chunk of 5@1 where?"]);
    expect(member.state.leadership?.peers.get("c")?.mode).toBe("snapshot");
  });

  test("pieces come from storage within a window, from where the follower says it is", () => {
    const member = leader({ chunkBytesMax: 3, chunksInflightMax: 2 });
    member.receive("c", conflict);

    const resumed = member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 4 });
    const first = supply(member, 1, 4, 3);
    const second = supply(member, 2, 7, 3);
    const more = member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 7 });

    expect(resumed).toEqual(["want 1: chunk of 5@1 from 4"]);
    expect(first).toEqual(["⇢ c t2 chunk of 5@1 from 4: 3 bytes", "want 2: chunk of 5@1 from 7"]);
    expect(second).toEqual(["⇢ c t2 chunk of 5@1 from 7: 3 bytes"]); // all is sent
    expect(more).toEqual([]);
  });

  test("once all is installed the log goes on behind the snapshot", () => {
    const member = leader();
    member.receive("c", conflict);

    const words = member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 10 });

    expect(words).toContain("⇢ c t2 append after 5@1: 6@1 7@2, commit 7");
    expect(member.state.leadership?.peers.get("c")).toMatchObject({ mode: "stream", match: 5, next: 8 });
  });

  test("a transfer that does not move for an election timeout is asked where to go on", () => {
    const member = leader();
    member.receive("c", conflict);

    const words = Array.from({ length: 10 }, () => {
      member.receive("b", { kind: "appendReply", term: 2, match: 7 });
      return member.tick();
    }).flat();

    expect(words.filter((word) => word.includes("chunk"))).toEqual(["⇢ c t2 chunk of 5@1 where?"]);
  });

  test("a transfer whose link broke or was made again is asked with the next tick", () => {
    const member = leader();
    member.receive("c", conflict);
    member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 4 });

    member.request({ kind: "supply", want: 1, found: { kind: "chunk", offset: 4, bytes: new Uint8Array(6) } });

    expect(member.link("c", true)).toEqual([]);
    expect(member.tick()).toContain("⇢ c t2 chunk of 5@1 where?");
  });

  test("a snapshot that storage no longer has is replaced by the newest", () => {
    const member = leader();
    member.receive("c", conflict);
    member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 0 });
    member.request({ kind: "applied", index: 7 });
    member.request({ kind: "snapshotTaken", snapshot: snapshotOf(7, 2) });

    const words = member.request({ kind: "supply", want: 1, found: { kind: "gone" } });

    expect(words).toEqual(["⇢ c t2 chunk of 7@2 where?"]);
  });

  test("a snapshot that storage cannot give, and that is the newest, is asked for again an election timeout later", () => {
    const member = leader();
    member.receive("c", conflict);
    member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 0 });

    const words = member.request({ kind: "supply", want: 1, found: { kind: "gone" } });
    const later = Array.from({ length: 10 }, () => {
      member.receive("b", { kind: "appendReply", term: 2, match: 7 });
      return member.tick();
    }).flat();

    expect(words).toEqual([]);
    expect(later.filter((word) => word.includes("where?"))).toEqual(["⇢ c t2 chunk of 5@1 where?"]);
  });

  test("while a snapshot is on its way to a live follower, the entries behind it stay in the log", () => {
    const member = leader({ retainCount: 0 });
    member.receive("c", conflict);
    member.request({ kind: "applied", index: 7 });

    member.request({ kind: "snapshotTaken", snapshot: snapshotOf(7, 2) });

    expect(member.state.log.base.index).toBe(5);
  });

  test("and stay once it is there until the follower has caught up, or it would arrive in vain again and again", () => {
    const member = leader({ retainCount: 0 });
    member.receive("c", conflict);
    const bases = [compactAll(member)];
    member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 10 });

    for (const match of [7, 9, 11, 12]) {
      bases.push(compactAll(member));
      member.stored("c", match);
    }

    expect(bases).toEqual([5, 5, 7, 9, 11]);
    expect(member.sent.filter(({ to, message }) => to === "c" && message.kind === "chunk")).toHaveLength(1);
  });

  test("but not for a follower that falls ever further behind, nor for one that is not heard", () => {
    const [slow, silent] = [leader({ retainCount: 0 }), leader({ retainCount: 0 })];
    for (const member of [slow, silent]) {
      member.receive("c", conflict);
      member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received: 10 });
    }
    for (let count = 0; count < 4; count++) write(slow);
    for (let count = 0; count < 10; count++) {
      silent.tick();
      silent.stored("b");
    }

    slow.stored("c", 7);

    expect([compactAll(slow), compactAll(silent)]).toEqual([12, 8]);
  });

  test("a piece that was lost is sent again when those behind it are answered, once", () => {
    const member = leader({ chunkBytesMax: 3 });
    const reply = (received: number) =>
      member.receive("c", { kind: "chunkReply", term: 2, snapshot: snapshotOf(5, 1), received });
    member.receive("c", conflict);
    reply(0);
    supply(member, 1, 0, 3);
    supply(member, 2, 3, 3);
    supply(member, 3, 6, 3);
    supply(member, 4, 9, 1);
    reply(3); // the first has arrived, the second has not

    const gap = reply(3);
    const again = supply(member, 5, 3, 3);
    const late = reply(3);

    expect(gap).toEqual(["want 5: chunk of 5@1 from 3"]);
    expect(again).toEqual(["⇢ c t2 chunk of 5@1 from 3: 3 bytes", "want 6: chunk of 5@1 from 6"]);
    expect(late).toEqual([]);
  });
});

/** One more entry, which all but c have, is committed and applied. */
function write(member: LoneMember): void {
  member.propose(100 + member.state.log.last, "x");
  member.persisted();
  member.stored("b");
  member.request({ kind: "applied", index: member.state.commit });
}

/** One more entry, and a snapshot of all: where the log starts then. */
function compactAll(member: LoneMember): number {
  write(member);
  member.request({ kind: "snapshotTaken", snapshot: snapshotOf(member.state.commit, 2) });
  return member.state.log.base.index;
}

describe("Raft paper §7, on a follower", () => {
  const snapshot = snapshotOf(5, 2, 6);

  test("a piece is stored and answered with how much is there; the answer waits for the disk", () => {
    const member = new LoneMember({ term: 2 });

    const words = member.receive("b", chunk(snapshot, 0, nothing), chunk(snapshot, 0, new Uint8Array(4)));

    expect(words).toEqual([
      "→ b t2 chunkReply 5@2: 0 of 6",
      "store chunk of 5@2 from 0: 4 bytes",
      "→ b t2 chunkReply 5@2: 4 of 6",
      "leader b in t2",
    ]);
  });

  test("a piece that does not follow is not stored, nor one that reaches beyond the end", () => {
    const member = new LoneMember({ term: 2 });

    const words = member.receive("b", chunk(snapshot, 3, new Uint8Array(2)), chunk(snapshot, 0, new Uint8Array(7)));

    expect(words.filter((word) => word.startsWith("store"))).toEqual([]);
  });

  test("a repeated piece is answered and not stored again", () => {
    const member = new LoneMember({ term: 2 });
    member.receive("b", chunk(snapshot, 0, new Uint8Array(4)));

    expect(member.receive("b", chunk(snapshot, 0, new Uint8Array(4)))).toEqual(["→ b t2 chunkReply 5@2: 4 of 6"]);
  });

  test("the last piece installs it: the whole log goes, and the owner restores once that is durable", () => {
    const member = new LoneMember({ term: 2, log: [1, 1] });

    const words = member.receive("b", chunk(snapshot, 0, new Uint8Array(6)));
    const round = member.receive("b", { kind: "heartbeat", term: 2, commit: 5, round: 1, sent: 5 });
    const durable = member.persisted();

    expect(words).toContain("store base 5@2 snapshot 5@2");
    expect(member.state.log).toMatchObject({ base: { index: 5, term: 2 }, last: 5, tail: [] });
    expect(round).toEqual(["⇢ b t2 heartbeatReply round 1 match 0"]); // claims nothing before it is durable
    expect(durable).toEqual(["restore 5@2"]);
  });

  test("a follower whose log holds the snapshot's last entry keeps what follows it", () => {
    const member = new LoneMember({ term: 2, log: [1, 1, 2, 2, 2, 2, 2] });

    member.receive("b", chunk(snapshot, 0, new Uint8Array(6)));

    expect(member.state.log).toMatchObject({ base: { index: 5, term: 2 }, tailFrom: 6, last: 7 });
  });

  test("a follower whose log holds another entry there keeps nothing", () => {
    const member = new LoneMember({ term: 2, log: [1, 1, 1, 1, 1, 1, 1] });

    member.receive("b", chunk(snapshot, 0, new Uint8Array(6)));

    expect(member.state.log).toMatchObject({ base: { index: 5, term: 2 }, last: 5, tail: [] });
  });

  test("a snapshot of what is committed here is not needed: it is answered as stored", () => {
    const member = new LoneMember({ term: 2, log: [1, 1, 2, 2, 2], applied: 5 });

    expect(member.receive("b", chunk(snapshot, 0, nothing))[0]).toBe("→ b t2 chunkReply 5@2: 6 of 6");
  });

  test("another snapshot begins anew", () => {
    const member = new LoneMember({ term: 2 });
    member.receive("b", chunk(snapshot, 0, new Uint8Array(4)));

    const words = member.receive("b", chunk({ ...snapshot, checksum: 8 }, 0, nothing));

    expect(words).toEqual(["→ b t2 chunkReply 5@2: 0 of 6"]);
  });

  test("entries behind an installed snapshot wait for it: the owner restores first", () => {
    const member = new LoneMember({ term: 2 });
    member.receive("b", chunk(snapshot, 0, new Uint8Array(6)));
    member.receive("b", {
      kind: "append",
      term: 2,
      previous: { index: 5, term: 2 },
      entries: entriesOf(2, 2),
      commit: 7,
    });

    expect(member.persisted()).toEqual(["restore 5@2", "committed 6@2 7@2"]);
  });
});

describe("Raft paper §8", () => {
  test("a leader opens its term with an entry that carries nothing, and so learns what is committed", () => {
    const member = new LoneMember({ term: 1, log: [1] });

    expect(member.lead()).toContain("store 2@2");
  });

  test("a member that resigned takes no office until it resumes", () => {
    const member = new LoneMember();
    member.lead();
    member.persisted();

    const words = member.request({ kind: "resign", reason: "disk-full" });
    member.tick(100);
    const refused = member.propose(1, "x");
    const { role } = member.state;
    member.request({ kind: "resume" });
    member.tickUntilCampaign();

    expect(words).toEqual(["leader none in t1"]);
    expect(refused).toEqual(["refused #1 disk-full"]);
    expect([role, member.state.role]).toEqual(["follower", "preCandidate"]);
  });
});

/** Storage answers a want for a piece. */
function supply(member: LoneMember, want: number, offset: number, bytes: number): string[] {
  return member.request({ kind: "supply", want, found: { kind: "chunk", offset, bytes: new Uint8Array(bytes) } });
}
