import { expect, test } from "vitest";
import { TotalOrderScenario } from "../../src/simulator/total-order/scenario.ts";

/** The names that each of some members has, in order. */
const namesOf = (group: TotalOrderScenario, ...ids: string[]) => ids.map((id) => group.application(id).names.join(" "));

test("a crashed member is voted out within 0.7 s, and what it multicast last is with all or with nobody", async () => {
  const group = new TotalOrderScenario({ members: 5 });
  await group.form("a", "b", "c", "d", "e");
  group.multicast("a", "last");
  group.cluster.crash("a", false);
  const crashedAt = group.cluster.now;
  group.multicast("b", "next");

  expect(await group.cluster.until(() => group.isTogether(), 2000)).toBe(true);
  expect(group.cluster.now - crashedAt).toBeLessThan(700);
  const [names, ...others] = namesOf(group, "b", "c", "d", "e");
  expect(others).toEqual([names, names, names]);
  expect(names).toContain("next");
});

test("a member that joins has the state, and one that leaves has delivered all that it multicast", async () => {
  const group = new TotalOrderScenario({ members: 4, seeds: 2, options: { chunkBytesMax: 5 } });
  await group.form("a", "b");
  for (const name of ["one", "two", "three"]) group.multicast("a", name);
  await group.form("c");
  await group.form("d");
  group.multicast("d", "four");
  group.cluster.request("d", { kind: "leave" });
  await group.cluster.run(400);

  expect(group.application("d").hasEnded).toBe(true);
  group.multicast("c", "five");
  await group.cluster.run(100);
  expect(namesOf(group, "a", "b", "c")).toEqual(new Array(3).fill("one two three four five"));
  expect(namesOf(group, "d")).toEqual(["one two three four"]);
});

test("members start in any order, also before there is a seed", async () => {
  const group = new TotalOrderScenario({ members: 4, seeds: 2 });
  group.cluster.start("d");
  await group.cluster.run(3000);
  expect(group.state("d").phase).toBe("seeking");

  await group.form("c", "b", "a");
  expect(group.ledger.groups.size).toBe(1);
});

test("the minority of a split delivers nothing new, says that it is blocked, and comes back as newcomers", async () => {
  const group = new TotalOrderScenario({ members: 5 });
  await group.form("a", "b", "c", "d", "e");
  group.multicast("a", "before");
  await group.cluster.run(100);
  group.cluster.split("a", "b");
  group.multicast("a", "alone");
  group.multicast("c", "on");
  await group.cluster.run(2000);

  expect(namesOf(group, "a", "c")).toEqual(["before", "before on"]);
  expect(group.application("a").counts.blocked).toBe(1);
  group.cluster.rejoin("a", "b");
  expect(await group.cluster.until(() => group.application("a").hasEnded && group.application("b").hasEnded)).toBe(
    true,
  );
  for (const id of ["a", "b"]) group.cluster.crash(id, false);
  await group.form("a", "b");
  expect(namesOf(group, "a", "b")).toEqual(["before on", "before on"]);
});

test("a member that hears nobody stops nobody; when the others are heard again all go on in the same view", async () => {
  const group = new TotalOrderScenario({ members: 3 });
  await group.form("a", "b", "c");
  for (const other of ["a", "b"]) {
    group.cluster.network.cut(group.cluster.member(other).slot, group.cluster.member("c").slot);
  }
  await group.cluster.run(3000);
  expect(group.state("a").view.number).toBe(group.state("c").view.number);
  expect(group.state("c").isBlocked).toBe(true);

  group.cluster.network.heal();
  group.multicast("a", "x");
  await group.cluster.run(500);
  expect(namesOf(group, "a", "b", "c")).toEqual(["x", "x", "x"]);
});

test("a group whose majority is gone stays blocked, and delivers nothing that was not everywhere", async () => {
  const group = new TotalOrderScenario({ members: 3 });
  await group.form("a", "b", "c");
  group.cluster.crash("a", false);
  group.cluster.crash("b", false);
  group.multicast("c", "alone");
  await group.cluster.run(5000);

  expect(group.state("c")).toMatchObject({ isBlocked: true, position: 0 });
});

test("a group that has lost all its seeds is found by them, before they found another", async () => {
  const group = new TotalOrderScenario({ members: 5, seeds: 2 });
  await group.form("a", "b");
  await group.form("c", "d", "e");
  group.multicast("c", "kept");
  await group.cluster.run(100);
  group.cluster.crash("a", false);
  await group.cluster.until(() => group.isTogether());
  group.cluster.crash("b", false);
  expect(await group.cluster.until(() => group.isTogether())).toBe(true);

  await group.form("a", "b");
  expect(namesOf(group, "a", "b", "e")).toEqual(["kept", "kept", "kept"]);
});

test("the application's state comes from another member when the one that gave it dies", async () => {
  const group = new TotalOrderScenario({ members: 4, seeds: 3, options: { chunkBytesMax: 1 } });
  await group.form("a", "b", "c");
  for (let each = 0; each < 40; each++) group.multicast("b", `m${each}`);
  await group.cluster.run(200);
  group.cluster.start("d");
  await group.cluster.until(() => group.cluster.member("d").state.incoming > 3);
  expect(group.state("d").restored).toBe(false);
  group.cluster.crash("a", false);

  expect(await group.cluster.until(() => group.isTogether())).toBe(true);
  expect(group.application("d").names).toHaveLength(40);
});
