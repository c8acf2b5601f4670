import { describe, expect, test } from "vitest";
import { LoneMember } from "../../../test/support/total-order-member.ts";

const members = [{ node: "b", incarnation: 1, restored: true }];

/** One of two that wants to leave, and has just had the vote that decides it: the other had not heard of its wish. */
function decider(): { readonly member: LoneMember; readonly words: readonly string[] } {
  const member = new LoneMember({ node: "a", members: ["a", "b"] });
  member.take({ kind: "request", request: { kind: "leave" } });
  member.tickHearing(19, "b");
  const ballot = { round: 1, node: "a" };
  const said = { clock: 0, received: [0, 0], accepted: undefined, extra: [], restored: true, leaving: false };
  member.hear("b", { kind: "promise", ballot, ...said });
  return { member, words: member.hear("b", { kind: "accepted", ballot }) };
}

describe("V8 who decides, and is left out", () => {
  test("tells it and stays: it may be the only one who knows, and without it the others too few to decide", () => {
    const { member, words } = decider();

    expect(words).toEqual([expect.stringMatching(/^→ b install a#1 2: b1/)]);
    expect(member.tick(4).join()).toMatch(/→ b install a#1 2: b1/);
    expect(member.state.phase).toBe("member");
    expect(member.state.synod.acceptor.promised).toBeDefined();
  });

  test("goes when somebody who goes on tells it in turn", () => {
    const { member } = decider();

    expect(member.install({ members }, "b")).toContain("left");
  });

  test("goes when its time is up, as if it had crashed: nobody may be left who could tell it", () => {
    const { member } = decider();

    expect(member.tickHearing(30, "b")).toContain("left");
  });

  test("who learns of the next view from one that is not in it says so, once", () => {
    const member = new LoneMember({ node: "b", members: ["a", "b"] });
    const words = member.install({ members });

    expect(words.filter((line) => line.startsWith("→"))).toEqual([expect.stringMatching(/^→ a install a#1 2: b1/)]);
    expect(member.install({ base: 1, members })).toEqual([]);
  });
});
