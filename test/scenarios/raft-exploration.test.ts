import { describe, expect, test } from "vitest";
import type { NodeId } from "../../src/base/ids.ts";
import type { Outbox } from "../../src/protocols/core.ts";
import { reachedByMajority } from "../../src/protocols/quorum/majority.ts";
import type { RaftMessage, RaftState, RaftVocabulary } from "../../src/protocols/raft/index.ts";
import {
  type Bounds,
  type Explorable,
  Exploration,
  explorableRaft,
  exploreTogether,
  type Finding,
  type Partner,
  type Progress,
  type RaftLimits,
  type RaftTerms,
  Share,
  workOn,
} from "../../src/simulator/index.ts";
import { explore, smallBounds, smallLimits, stepping } from "../support/exploration.ts";

const limits: RaftLimits = { ...smallLimits, terms: 1, timeouts: 1, proposals: 1 };
const bounds: Bounds = { ...smallBounds, steps: 100, states: 500_000 };

function find(some: Partial<RaftLimits & Bounds>, spoil: Spoil = (raft) => raft): Finding {
  return explore(spoil(explorableRaft({ ...limits, ...some })), { ...bounds, ...some });
}

type Spoil = (raft: Explorable<RaftTerms>) => Explorable<RaftTerms>;
type RaftOut = Outbox<RaftVocabulary>;

describe("one term", { timeout: 60_000 }, () => {
  test("is explored wholly, and every promise holds", () => {
    const finding = find({});

    expect(finding).toMatchObject({ complete: true, bound: undefined, violation: undefined, waiting: 0 });
    expect(finding.states).toBeGreaterThan(4000);
  });

  test("with renaming, each world stands for up to as many as there are orders of its members, and is as deep", () => {
    const one = find({ disk: "fast" });
    const all = find({ disk: "fast", symmetry: false });

    expect([one.complete, all.complete, one.depth]).toEqual([true, true, all.depth]);
    expect(all.states).toBeLessThanOrEqual(6 * one.states);
    expect(all.states).toBeGreaterThan(5 * one.states);
  });

  test("the same states of members come up when spent messages stay on their way", () => {
    const some = { disk: "fast", duplicates: 1, proposals: 0 } as const;
    const dropped = find(some);
    const kept = find(some, (raft) => ({ ...raft, isSpent: () => false }));

    expect([dropped.complete, kept.complete]).toEqual([true, true]);
    expect(kept.localStates).toBe(dropped.localStates);
    expect(kept.states).toBeGreaterThan(dropped.states);
  });

  test("what a fast disk and links in order allow is a part of what can happen", () => {
    const widest = find({});

    for (const narrower of [find({ disk: "fast" }), find({ order: "sent" })]) {
      expect(narrower.complete).toBe(true);
      expect(narrower.localStates).toBeLessThanOrEqual(widest.localStates);
      expect(narrower.states).toBeLessThan(widest.states);
    }
  });

  test("twice the same gives the same", () => {
    const some = { disk: "fast", order: "sent", crashes: 1, losses: 1 } as const;

    expect(find(some)).toEqual(find(some));
  });
});

test("an exploration that has ended stays as it is", () => {
  const exploration = new Exploration(explorableRaft(limits), { ...bounds, steps: 3 });
  while (exploration.advance(1000));
  const finding = exploration.finding();

  expect(exploration.advance(1000)).toBe(false);
  expect(exploration.finding()).toEqual(finding);
});

test("bounds are kept, and told", () => {
  expect(find({ steps: 5 })).toMatchObject({ complete: false, bound: "steps", depth: 5 });
  const small = find({ states: 500 });
  expect(small).toMatchObject({ complete: false, bound: "states" });
  expect(small.states).toBeGreaterThanOrEqual(500);
  expect(small.states).toBeLessThan(10_000);

  const exploration = new Exploration(explorableRaft(limits), bounds);
  expect(exploration.advance(10)).toBe(true);
  expect(exploration.finding()).toMatchObject({ complete: false, bound: "stopped" });
});

test("a group that starts led has a leader whose term's first entry is committed", () => {
  const seen: unknown[] = [];
  const looking: Spoil = (raft) => ({
    ...raft,
    check: (members, history) => {
      seen.push([members.map(({ state }) => state.role), history.committed.map(({ text }) => text)]);
      raft.check(members, history);
    },
  });

  const finding = find({ start: "led", timeouts: 0, disk: "fast" }, looking);

  expect(seen[0]).toEqual([["leader", "follower", "follower"], ["none"]]);
  expect(finding).toMatchObject({ complete: true, violation: undefined });
});

describe("partners that share the work", { timeout: 60_000 }, () => {
  const together = (
    some: Partial<RaftLimits & Bounds>,
    count: number,
    spoil: Spoil = (raft) => raft,
    goOn: (progress: Progress) => boolean = () => true,
  ) => {
    const all = { ...bounds, ...some };
    const partners = Array.from({ length: count }, (_, number): Partner<RaftTerms> => {
      const share = new Share(spoil(explorableRaft({ ...limits, ...some })), all, number, count);
      return {
        work: async (order) => structuredClone(workOn(share, order)),
        place: async (state) => share.place(state),
        tell: async (way, claim) => share.tell(way, claim),
      };
    });
    return exploreTogether(partners, all, goOn);
  };

  test("find the same worlds as one alone", async () => {
    const crashing = { order: "sent", disk: "fast", proposals: 0, crashes: 1 } as const;
    for (const some of [{ disk: "fast", proposals: 0 }, crashing] as const) {
      const { localStates: _, ...alone } = find(some);

      expect(await together(some, 3)).toMatchObject(alone);
      expect(await together(some, 1)).toMatchObject(alone);
    }
  });

  test("find a mistake by a way as short, and tell it", async () => {
    const [, spoil, some, claim, steps] = mistakes[1] as (typeof mistakes)[number];
    const { violation } = await together(some, 2, spoil);

    expect(violation?.claim).toContain(claim.slice(0, 40));
    expect(violation?.trace).toHaveLength(steps);
  });

  test("stop when they are told to, and say how far they came", async () => {
    const stopped = await together({}, 2, undefined, ({ states }) => states < 100);

    expect(stopped).toMatchObject({ bound: "stopped", complete: false, violation: undefined });
    expect(stopped.states).toBeGreaterThanOrEqual(100);
    expect(stopped.states).toBeLessThan(find({}).states);
  });
});

/** Mistakes made from outside, each with what is found first, and in how few steps. */
const mistakes: readonly (readonly [string, Spoil, Partial<RaftLimits & Bounds>, string, number])[] = [
  [
    "a vote that leaves before it is stored",
    stepping<RaftTerms>((core, input, out) => core.step([input], 0, { ...ahead(out, "voteReply") })),
    {},
    "a vote is stored before it is given: b for a in term 1",
    5,
  ],
  [
    "an answer that leaves before the entries are stored",
    stepping<RaftTerms>((core, input, out) => core.step([input], 0, { ...ahead(out, "appendReply") })),
    { disk: "late" },
    "what is committed is stored by a majority: none of term 1 at 1 on 1 of 3",
    10,
  ],
  [
    "a vote forgotten across a restart",
    (raft) => ({
      ...raft,
      start: (id, records, life) =>
        raft.start(
          id,
          records.map((record) => (record.kind === "state" ? { ...record, votedFor: undefined } : record)),
          life,
        ),
    }),
    { crashes: 1 },
    "a vote is stored before it is given: b for a in term 1",
    6,
  ],
  [
    "a second vote in a term",
    stepping<RaftTerms>((core, input, out) => {
      const state = core.inspect() as RaftState;
      if (input.kind === "receive" && input.message.kind === "vote") state.votedFor = undefined;
      core.step([input], 0, out);
    }),
    { timeouts: 2 },
    "a member votes once a term",
    11,
  ],
  [
    "a commit that one replica less than a majority has stored",
    stepping<RaftTerms>((core, input, out) => {
      core.step([input], 0, out);
      const { leadership } = core.inspect();
      for (const peer of leadership?.peers.values() ?? []) peer.match = peer.next - 1;
    }),
    {},
    "what is committed is stored by a majority",
    12,
  ],
  [
    "votes for a log that is not up to date",
    stepping<RaftTerms>((core, input, out) => {
      const far = { index: 99, term: 99 };
      const isVote = input.kind === "receive" && (input.message.kind === "vote" || input.message.kind === "preVote");
      core.step([isVote ? { ...input, message: { ...input.message, last: far } as RaftMessage } : input], 0, out);
    }),
    { start: "led", terms: 2, timeouts: 2, proposals: 1, disk: "fast", order: "sent" },
    "a leader has what was committed in earlier terms (Leader Completeness)",
    15,
  ],
  [
    "entries of an earlier term committed by counting (figure 8)",
    stepping<RaftTerms>((core, input, out) => {
      core.step([input], 0, out);
      const state = core.inspect() as RaftState;
      const matches = [...(state.leadership?.peers.values() ?? [])].map(({ match }) => match);
      if (matches.length > 0) state.commit = Math.max(state.commit, reachedByMajority([state.log.durable, ...matches]));
    }),
    { start: "led", terms: 2, timeouts: 2, appendBytesMax: 1, disk: "fast", order: "sent" },
    "a leader counts replicas of its own term's entries only (5.4.2): c in term 2, an entry of term 1",
    20,
  ],
];

function ahead(out: RaftOut, kind: RaftMessage["kind"]): RaftOut {
  const send = (to: NodeId, message: RaftMessage): void =>
    message.kind === kind ? out.sendAhead(to, message) : out.send(to, message);
  return { ...out, send };
}

describe("a mistake is found by a shortest way:", { timeout: 60_000 }, () => {
  test.each(mistakes)("%s", (_, spoil, some, claim, steps) => {
    const { violation } = find(some, spoil);

    expect(violation?.claim).toContain(claim);
    expect(violation?.trace).toHaveLength(steps);
    expect(violation?.trace[0]).toMatch(
      some.start === "led" ? /^[abc]/ : /^a's patience ends; now preCandidate in t0; sends b and c: /,
    );
  });

  test("and by one as short without renaming", () => {
    const [, spoil, some, claim, steps] = mistakes[1] ?? [];
    const { violation } = find({ ...some, symmetry: false }, spoil);

    expect(violation?.claim.slice(0, 60)).toContain(claim?.slice(0, 40));
    expect(violation?.trace).toHaveLength(steps ?? 0);
  });
});
