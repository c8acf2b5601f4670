import { expect, test } from "vitest";
import type { MembershipChange } from "./membership-change.ts";
import { applyChange, isSameMembership } from "./membership-change.ts";

const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, address: `${id}:1` })) as [Member, Member, Member];
type Member = { readonly id: string; readonly address: string };
const now = { members: [a, b], learners: [c] };

const changes: [MembershipChange, string, string][] = [
  [{ kind: "add", id: "d", address: "d:1" }, "a:1,b:1", "c:1,d:1"],
  [{ kind: "add", id: "a", address: "a:1" }, "a:1,b:1", "c:1"],
  [{ kind: "promote", id: "c" }, "a:1,b:1,c:1", ""],
  [{ kind: "promote", id: "a" }, "b:1,a:1", "c:1"],
  [{ kind: "remove", id: "a" }, "b:1", "c:1"],
  [{ kind: "remove", id: "c" }, "a:1,b:1", ""],
  [{ kind: "remove", id: "d" }, "a:1,b:1", "c:1"],
  [{ kind: "update", id: "b", address: "x:2" }, "a:1,x:2", "c:1"],
  [{ kind: "set", members: [c], learners: [a] }, "c:1", "a:1"],
];

test.each(changes)("%j makes voters %s and learners %s", (change, members, learners) => {
  const wanted = applyChange(now, change);

  expect(wanted.members.map(({ address }) => address).join()).toBe(members);
  expect(wanted.learners.map(({ address }) => address).join()).toBe(learners);
});

const refused: [MembershipChange, string][] = [
  [{ kind: "add", id: "a", address: "x:2" }, "to move it, update it"],
  [{ kind: "promote", id: "d" }, "add it first"],
  [{ kind: "update", id: "d", address: "d:1" }, "add it first"],
  [{ kind: "remove", id: "-" }, "no node id"],
  [{ kind: "add", id: "d", address: "b:1" }, "b:1 is where b is reached, not d"],
  [{ kind: "update", id: "b", address: "c:1" }, "c:1 is where c is reached, not b"],
  [{ kind: "update", id: "b", address: "b:99999" }, "is not host:port"],
  [{ kind: "set", members: [], learners: [a] }, "no voter would be left"],
];

test.each(refused)("%j is refused: %s", (change, problem) => {
  expect(() => applyChange(now, change)).toThrow(problem);
});

test("whoever shares an address can be moved away or taken out", () => {
  const crowded = { members: [a, { ...b, address: a.address }], learners: [] };

  expect(applyChange(crowded, { kind: "update", id: "b", address: "b:1" }).members).toEqual([a, b]);
  expect(applyChange(crowded, { kind: "remove", id: "b" }).members).toEqual([a]);
});

test("the same members in another order are the same; at another address, or in another role, they are not", () => {
  expect(isSameMembership(now, { members: [b, a], learners: [c] })).toBe(true);
  expect(isSameMembership(now, { members: [a, { ...b, address: "x:2" }], learners: [c] })).toBe(false);
  expect(isSameMembership(now, { members: [a, b, c], learners: [] })).toBe(false);
});
