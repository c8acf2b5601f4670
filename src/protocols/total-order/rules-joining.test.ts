import { describe, expect, test } from "vitest";
import { data, frame, header, LoneMember, says } from "../../../test/support/total-order-member.ts";
import type { Ballot, Decree, ViewMember } from "./index.ts";

const seeks = { group: "", view: 0 };
const join = (node: string, incarnation: number) => ({ kind: "join", applicant: { node, incarnation } }) as const;
const prepare = (ballot: Ballot) => ({ kind: "prepare", ballot, received: [] }) as const;

function viewMember(node: string, restored = true, incarnation = 1): ViewMember {
  return { node, incarnation, restored };
}

/** A promise of a seed while a group is founded. */
const founderPromise = (ballot: Ballot, accepted?: { ballot: Ballot; value: Decree }) =>
  ({
    kind: "promise",
    ballot,
    clock: 0,
    received: [],
    accepted,
    extra: [],
    restored: false,
    leaving: false,
  }) as const;

describe("V10 other views", () => {
  /** In view 3, which began by a decree for a, b and c. */
  function inViewThree(): LoneMember {
    const member = new LoneMember();
    const members = ["a", "b", "c"].map((node) => viewMember(node));
    member.install({ members });
    member.install({ members });
    return member;
  }

  test("who is one view behind is sent the decree that it lacks, once a tick", () => {
    const member = inViewThree();
    const late = says(0, 0, [0, 0, 0]);

    expect(member.hear("c", late, { view: 2 })).toEqual([
      "→ c install a#1 3: a1 b1 c1, cut [0,0,0], 0 in tail, position 0",
    ]);
    expect(member.hear("c", late, { view: 2 })).toEqual([]);
  });

  test("who is further behind is told that it is excluded, and from which view", () => {
    expect(inViewThree().hear("c", says(0, 0, [0, 0, 0]), { view: 1 })).toEqual(["→ c excluded from 1"]);
  });

  test("that is obeyed only if it is the present view, and by somebody further on", () => {
    const member = inViewThree();
    expect(member.hear("a", { kind: "excluded", yours: 2 }, { view: 5 })).toEqual([]);
    expect(member.hear("a", { kind: "excluded", yours: 3 }, { view: 2 })).toEqual([]);

    expect(member.hear("a", { kind: "excluded", yours: 3 }, { view: 5 })).toEqual(["excluded from a#1/5"]);
  });

  test("who is ahead is answered without a frame, so that it tells what we lack", () => {
    expect(inViewThree().hear("c", says(0, 0, [0, 0, 0]), { view: 4 })).toEqual([
      "→ c null clock 0, sent 0, has [0,0,0]",
    ]);
  });

  test("a member of another group is reported, once for each group, and nothing of it is taken in", () => {
    const member = inViewThree();
    const words = [1, 2].flatMap(() => member.hear("z", data([1, 0, 0], frame(1, 9, "x")), { group: "z#9", view: 3 }));

    expect(words).toEqual(["hears z of z#9"]);
    expect(member.state.clock).toBe(0);
  });
});

describe("V11 join", () => {
  test("a seeker applies to all seeds every joinTicks, and to every member that it hears", () => {
    const member = new LoneMember({ isSeeking: true });
    expect(member.tick(12).filter((word) => word.includes("join"))).toHaveLength(4); // two seeds, twice

    const words = member.hear("m", says(0, 0, [0]), { group: "a#1", view: 4 });

    expect(words).toEqual(["→ m join b1"]);
    expect(member.hear("m", says(0, 0, [0]), { group: "a#1", view: 4 })).toEqual([]); // no echo
  });

  test("a member tells an applicant that it was heard, and all other members of it", () => {
    expect(new LoneMember().hear("d", join("d", 5), { ...seeks, incarnation: 5 })).toEqual([
      "→ d null clock 0, sent 0, has [0,0,0]",
      "→ a c join d5",
    ]);
  });

  test("it passes on what it heard itself, and not again at once", () => {
    const member = new LoneMember();
    expect(member.hear("a", join("d", 5))).toEqual([]);
    expect(member.state.applicants.get("d")).toMatchObject({ incarnation: 5 });
    member.hear("e", join("e", 6), { ...seeks, incarnation: 6 });
    member.tick();

    expect(member.hear("e", join("e", 6), { ...seeks, incarnation: 6 }).join()).not.toContain("join");
  });

  test("of two applications of a node that of the larger incarnation counts", () => {
    const member = new LoneMember();
    member.hear("d", join("d", 5), { ...seeks, incarnation: 5 });
    member.hear("d", join("d", 4), { ...seeks, incarnation: 4 });

    expect(member.state.applicants.get("d")?.incarnation).toBe(5);
  });

  test("who is in the view already lacks only the decree; an earlier run of it is ignored", () => {
    const member = new LoneMember();

    expect(member.hear("c", join("c", 1), seeks).join()).toContain("→ c install a#1 1");
    member.tick();
    expect(member.hear("c", join("c", 0), seeks)).toEqual([]);
    expect(member.state.applicants.size).toBe(0);
  });

  test("who stops asking is forgotten", () => {
    const member = new LoneMember();
    member.hear("d", join("d", 5), { ...seeks, incarnation: 5 });
    member.tick(25);

    expect(member.state.applicants.size).toBe(0);
  });

  test("an applicant is remembered from one application to the next, however soon silence is suspected", () => {
    const member = new LoneMember({ options: { keepAliveTicks: 1, suspectTicks: 4, joinTicks: 6 } });
    member.hear("d", join("d", 1), seeks);
    member.tickHearing(6, "a", "c");

    expect([...member.state.applicants.keys()]).toEqual(["d"]);
  });

  test("seeds that are not in the view hear every joinTicks that there is a group", () => {
    const member = new LoneMember({ members: ["b"], options: { seeds: ["a", "b", "s"] } });

    expect(member.tick(6).filter((word) => word.includes("null"))).toEqual([
      "→ a null clock 0, sent 0, has [0]",
      "→ s null clock 0, sent 0, has [0]",
    ]);
  });
});

describe("V12 leave", () => {
  test("new multicasts are refused; the others are told once all that was multicast is delivered", () => {
    const member = new LoneMember({ options: { delivery: "agreed" } });
    member.multicast("x");
    expect(member.request({ kind: "leave" })).toEqual([]);
    expect(member.multicast("y")).toEqual(["refused #2: leaving"]);
    member.hear("a", says(1, 0, [0, 1, 0]));
    const words = member.hear("c", says(1, 0, [0, 1, 0]));

    expect(words).toContain("→ a c null clock 1, sent 1, has [0,1,0] leaving");
  });

  test("it ends with the view that goes on without it", () => {
    const member = new LoneMember();
    member.request({ kind: "leave" });

    expect(member.install({ members: [viewMember("a"), viewMember("c")] }).at(-1)).toBe("left");
  });

  test("or after leaveTicks, whatever the others say, even if it is blocked", () => {
    const member = new LoneMember({ options: { leaveTicks: 60 } });
    member.multicast("x");
    member.request({ kind: "leave" });

    expect(member.tick(60).slice(-2)).toEqual(["unknown #1", "left"]);
  });

  test("the last one ends the group", () => {
    const member = new LoneMember({ members: ["b"] });
    member.request({ kind: "leave" });

    expect(member.tick(5)).toContain("left");
  });

  test("who has not found a group leaves at once", () => {
    const member = new LoneMember({ isSeeking: true });
    member.multicast("x");

    expect(member.request({ kind: "leave" })).toEqual(["refused #1: ended", "left"]);
  });

  const leaves = (words: readonly string[]) => words.some((word) => word.endsWith(" leaving"));

  test("who alone has the state stays until a newcomer has it, too", () => {
    const member = new LoneMember({ members: ["b", "c*"] });
    expect(leaves([...member.request({ kind: "leave" }), ...member.tickHearing(10, "c")])).toBe(false);

    const told = { kind: "null", header: header(0, 0, [0, 0]), missing: false } as const;
    expect(leaves(member.hear("c", told))).toBe(true);
  });

  test("others that have it, and are heard and stay, are enough", () => {
    const members = ["a", "b", "c*"];
    expect(leaves(new LoneMember({ members }).request({ kind: "leave" }))).toBe(true);

    const silent = new LoneMember({ members });
    silent.tickHearing(25, "c");
    expect(leaves(silent.request({ kind: "leave" }))).toBe(false);

    const leaving = new LoneMember({ members });
    leaving.hear("a", { kind: "null", header: header(0, 0, [0, 0, 0], { leaving: true }), missing: false });
    expect(leaves(leaving.request({ kind: "leave" }))).toBe(false);
  });
});

describe("V14 found", () => {
  /** The first of three seeds; b seeks, too. */
  function founder(setup: ConstructorParameters<typeof LoneMember>[0] = {}): LoneMember {
    const member = new LoneMember({ node: "a", isSeeking: true, ...setup });
    for (let tick = 0; tick < 44; tick++) {
      member.tick();
      member.hear("b", join("b", 1));
    }
    return member;
  }

  const prepares = (member: LoneMember) => member.sent.filter(({ message }) => message.kind === "prepare").length;

  test("seeds that hear no member for twice genesisTicks, and a majority of the seeds, found a group", () => {
    const member = founder();
    expect(prepares(member)).toBe(2);
    member.hear("b", founderPromise({ round: 1, node: "a" }));
    const words = member.hear("b", { kind: "accepted", ballot: { round: 1, node: "a" } });

    expect(words.join()).toContain("enters a#1/1: a1 b1 at 0");
    expect(member.state.restored).toBe(true);
  });

  test("a seeker that applies more rarely than silence is suspected is still there in between", () => {
    const member = new LoneMember({
      node: "a",
      isSeeking: true,
      options: { keepAliveTicks: 1, suspectTicks: 4, joinTicks: 6 },
    });
    for (let tick = 0; tick < 80; tick++) {
      if (tick % 6 === 0) member.hear("b", join("b", 1));
      member.tick();
    }

    expect(prepares(member)).toBeGreaterThan(0);
  });

  test("half of an even list of seeds is not enough", () => {
    expect(prepares(founder({ members: ["a", "b", "c", "d"] }))).toBe(0);
  });

  test("where seeds are no fixed list the number of founders is given", () => {
    expect(prepares(founder({ options: { founders: 3 } }))).toBe(0);
    expect(prepares(founder({ options: { founders: 2 } }))).toBe(2);
  });

  test("who hears a member of a group founds none", () => {
    const member = new LoneMember({ node: "a", isSeeking: true });
    for (let tick = 0; tick < 80; tick++) {
      member.tick();
      member.hear("b", join("b", 1));
      if (tick % 30 === 0) member.hear("m", says(0, 0, [0]), { group: "z#9", view: 1 });
    }

    expect(prepares(member)).toBe(0);
  });

  test("who is no seed founds none and has no vote", () => {
    const member = new LoneMember({ node: "x", isSeeking: true });
    for (let tick = 0; tick < 80; tick++) {
      member.tick();
      for (const each of ["a", "b", "c"]) member.hear(each, join(each, 1));
    }

    expect(prepares(member)).toBe(0);
    expect(member.hear("a", prepare({ round: 1, node: "a" }))).toEqual([]);
  });

  test("a promise leaves once it is stored, and our own vote counts only then", () => {
    const member = new LoneMember({ node: "b", isSeeking: true });
    member.isStuck = true;
    expect(member.hear("a", prepare({ round: 1, node: "a" }))).toEqual(["stores promise 1a"]);
    member.isStuck = false;
    expect(member.take()).toEqual(["→ a promise 1a has [], 0 more"]);

    const first = founder();
    first.isStuck = true;
    first.tick(30); // its attempt has been given up; in the next one nothing it stores becomes durable
    const { length } = first.outputs;
    for (let tick = 0; tick < 60; tick++) {
      first.tick();
      first.hear("b", join("b", 1));
      const ballot = first.state.synod.attempt?.ballot;
      if (ballot !== undefined) first.hear("b", founderPromise(ballot));
    }
    expect(first.outputs.length).toBe(length);
    expect(first.state.view.number).toBe(0);
  });

  test("a seed that starts again remembers what it voted for, and founds no second group", () => {
    const old: Decree = {
      group: "c#7",
      base: 0,
      members: [viewMember("c", true, 7)],
      cut: [],
      tail: [],
      clock: 0,
      position: 0,
    };
    const vote = { ballot: { round: 4, node: "c" }, value: old };
    const member = founder({ genesis: { kind: "genesis", promised: vote.ballot, accepted: vote } });
    expect(prepares(member)).toBe(2);
    member.hear("b", founderPromise({ round: 5, node: "a" }));
    const proposed = member.sent.flatMap(({ message }) => (message.kind === "accept" ? [message.decree] : []));
    expect(proposed[0]).toBe(old);
    member.hear("b", { kind: "accepted", ballot: { round: 5, node: "a" } });

    expect(member.state.phase).toBe("seeking");
    expect(member.tick(40)).toContain("cannot find c#7");
  });

  test("a member answers whatever is said in view 0: there is a group", () => {
    const member = new LoneMember();

    expect(member.hear("s", prepare({ round: 1, node: "s" }), seeks)).toEqual([
      "→ s null clock 0, sent 0, has [0,0,0]",
    ]);
  });
});
