import { describe, expect, test } from "vitest";
import { data, frame, header, LoneMember } from "../../../test/support/total-order-member.ts";
import { toUtf8 } from "../../base/text.ts";
import type { ViewMember } from "./index.ts";

function viewMember(node: string, restored = true): ViewMember {
  return { node, incarnation: 1, restored };
}

describe("V13 state transfer", () => {
  const piece = (offset: number, text: string, last: boolean) =>
    ({ kind: "state", position: 0, offset, bytes: toUtf8(text), last }) as const;
  const give = (offset: number, text: string, last: boolean) =>
    ({
      kind: "state",
      view: 1,
      to: { node: "c", incarnation: 1 },
      offset,
      bytes: toUtf8(text),
      last,
    }) as const;

  test("the first member that has the state is asked for it, at the very position where the view begins", () => {
    const donor = new LoneMember({ members: ["a*", "b", "c*"] });
    const other = new LoneMember({ members: ["a", "b", "c*"] });

    expect(donor.outputs.slice(1)).toMatchObject([
      { kind: "stateWanted", view: 1, position: 0, to: { node: "a" }, offset: 0 },
      { kind: "stateWanted", view: 1, position: 0, to: { node: "c" }, offset: 0 },
    ]);
    expect(other.outputs).toHaveLength(1);
  });

  test("it sends one piece at a time, and repeats it until it is acknowledged", () => {
    const donor = new LoneMember({ members: ["b", "c*"] });
    expect(donor.request(give(0, "one", false))).toEqual(["→ c state of 0, 3 bytes at 0"]);
    expect(donor.request(give(3, "two", true))).toEqual([]); // not asked for yet
    expect(donor.tickHearing(4, "c").join()).toContain("state of 0, 3 bytes at 0");

    expect(donor.hear("c", { kind: "stateAck", offset: 3 })).toEqual(["wants state of 0 for c1 from 3"]);
    expect(donor.request(give(3, "two", true))).toEqual(["→ c state of 0, 3 bytes at 3, last"]);
  });

  test("on a slow link a piece is repeated less and less often, and so are those after it", () => {
    const donor = new LoneMember({ members: ["b", "c*"] });
    const repeats = (ticks: number) =>
      Array.from({ length: ticks }, (_, at) => ({ at: at + 1, words: donor.tickHearing(1, "c") }))
        .filter(({ words }) => words.join().includes("state of 0"))
        .map(({ at }) => at);

    donor.request(give(0, "one", false));
    expect(repeats(100)).toEqual([4, 12, 28, 60, 92]);
    donor.hear("c", { kind: "stateAck", offset: 3 });
    donor.request(give(3, "two", false));
    expect(repeats(40)).toEqual([32]);
  });

  test("the last piece is repeated until the newcomer says that it has the state", () => {
    const donor = new LoneMember({ members: ["b", "c*"] });
    donor.request(give(0, "all", true));
    expect(donor.tickHearing(4, "c").join()).toContain("state of 0");
    donor.hear("c", { kind: "null", header: header(0, 0, [0, 0], { restored: true }), missing: false });

    expect(donor.tick(40).join()).not.toContain("state of 0");
  });

  test("who has ended gives the state no more", () => {
    const donor = new LoneMember({ members: ["b", "c*"] });
    donor.install({ members: [viewMember("c")] }, "c");

    expect(donor.request(give(0, "one", true))).toEqual([]);
  });

  test("an owner that does not answer is asked again", () => {
    const donor = new LoneMember({ members: ["b", "c*"] });

    expect(donor.tickHearing(25, "c")).toContain("wants state of 0 for c1 from 0");
  });

  test("a newcomer takes part at once, but its owner gets deliveries only behind the state", () => {
    const member = new LoneMember({ members: ["a", "b*"], options: { delivery: "agreed" } });
    const words = member.hear("a", data([1, 0], frame(1, 3, "x")));
    expect(words).toEqual(["→ a null clock 3, sent 0, has [1,0] without state"]);
    member.hear("a", piece(0, "sta", false));
    expect(member.delivered).toEqual([]);

    member.hear("a", piece(3, "te", true));

    expect(member.outputs.slice(1).map(({ kind }) => kind)).toEqual(["state", "state", "deliver"]);
    expect(member.state.restored).toBe(true);
  });

  test("pieces out of order are answered with what is wanted", () => {
    const member = new LoneMember({ members: ["a", "b*"] });
    member.hear("a", piece(0, "one", false));

    expect(member.hear("a", piece(6, "three", true))).toEqual(["→ a stateAck 3"]);
    expect(member.hear("a", piece(0, "one", false))).toEqual(["→ a stateAck 3"]);
    expect(member.outputs.filter(({ kind }) => kind === "state")).toHaveLength(1);
  });

  test("it multicasts only once it has the state", () => {
    const member = new LoneMember({ members: ["a", "b*"] });
    expect(member.multicast("x").filter((word) => word.includes("data"))).toEqual([]);

    expect(member.hear("a", piece(0, "state", true)).join()).toContain("data #1");
  });

  test("the state of a view that has ended is not taken; what waited is part of the next one's", () => {
    const member = new LoneMember({ members: ["a", "b*"], options: { delivery: "agreed" } });
    member.hear("a", data([1, 0], frame(1, 3, "x")));
    member.install({ members: [viewMember("a"), viewMember("b", false)], cut: [1, 0], clock: 3, position: 1 });
    expect(member.hear("a", piece(0, "old", true), { view: 1 }).join()).not.toContain("has state");
    member.hear("a", { ...piece(0, "new", true), position: 1 });

    expect(member.outputs.filter(({ kind }) => kind === "state")).toMatchObject([{ position: 1 }]);
    expect(member.delivered).toEqual([]);
  });

  test("when too much waits nothing more is delivered, so that the senders stop", () => {
    const options = { delivery: "agreed", waitingBytesMax: 10, windowFrames: 2 } as const;
    const member = new LoneMember({ members: ["a", "b*"], options });
    for (let number = 1; number <= 8; number++) {
      member.hear("a", data([number, 0], frame(number, number, `m${number}`)));
    }

    expect(member.state.waiting.length).toBe(1);
    expect(member.state.peers[0]?.received).toBe(5); // two windows behind what was forgotten
  });

  test("without states a newcomer begins where it enters", () => {
    const member = new LoneMember({ isSeeking: true, options: { stateless: true } });
    member.install({ base: 4, members: [viewMember("a"), viewMember("b")], position: 70 });

    expect(member.multicast("x").join()).toContain("data #1");
    expect(member.state.position).toBe(70);
  });
});
