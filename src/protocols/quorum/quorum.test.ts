import fc from "fast-check";
import { expect, test } from "vitest";
import { replayDirectory } from "../../../test/support/datadriven.ts";
import { membershipNamed } from "../../../test/support/raft-member.ts";
import { majority, reachedByMajority } from "./majority.ts";
import { isQuorum, reachedByQuorum } from "./quorum.ts";

replayDirectory(new URL("./testdata/", import.meta.url), () => ({ command, args }) => {
  const text = (name: string) => args.get(name) ?? "";
  const numbers = (name: string) => text(name).split(",").filter(Boolean).map(Number);
  switch (command) {
    case "committed":
      return String(reachedByMajority(numbers("acked")));
    case "majority":
      return numbers("of").map(majority).join(" ");
    case "joint":
      return String(reachedByQuorum(numbers("voters"), numbers("outgoing")));
    case "quorum": {
      const membership = membershipNamed(text("voters"), text("outgoing"), text("learners"));
      return isQuorum(membership, (id) => text("for").includes(id)) ? "yes" : "no";
    }
    default:
      throw new Error(`unknown command ${command}`);
  }
});

const ids = fc.uniqueArray(fc.constantFrom(..."abcdefg"), { minLength: 1 }).map((list) => list.join(""));
const some = fc.subarray([..."abcdefg"]).map((list) => new Set(list));

test("two groups that can decide have a voter in common, whether before, during or after a change", () => {
  fc.assert(
    fc.property(ids, ids, some, some, (voters, outgoing, one, other) => {
      const during = membershipNamed(voters, outgoing);
      const can = (group: Set<string>) => (membership: typeof during) => isQuorum(membership, (id) => group.has(id));
      const phases = [membershipNamed(outgoing), during, membershipNamed(voters)];
      const isDecided = phases.some(can(one)) && can(other)(during);
      if (isDecided) expect([...one].some((id) => other.has(id))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("who can decide and what was reached are the same question", () => {
  fc.assert(
    fc.property(ids, ids, some, (voters, outgoing, group) => {
      const value = (id: string) => (group.has(id) ? 1 : 0);
      const reached = reachedByQuorum([...voters].map(value), [...outgoing].map(value));

      expect(isQuorum(membershipNamed(voters, outgoing), (id) => group.has(id))).toBe(reached === 1);
    }),
  );
});
