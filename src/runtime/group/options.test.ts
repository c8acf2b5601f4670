import { expect, test } from "vitest";
import { checkMemberOptions, type MemberOptions } from "./options.ts";

const least: MemberOptions = { name: "g", listen: "127.0.0.1:1", seeds: ["127.0.0.1:1", "127.0.0.1:2"] };
const plain = { encoding: "json", stateless: true } as const;

test.each<[string, Partial<MemberOptions>, string]>([
  ["no name", { name: "" }, "option name: must be 1 to 64 bytes"],
  ["a name that others cannot show", { name: "a\n" }, "option name"],
  ["no address", { listen: "7001" }, 'option listen: "7001" is not host:port'],
  ["no seeds", { seeds: [] }, "option seeds: must be 1 to 32"],
  ["a seed twice", { seeds: ["a:1", "a:1"] }, "option seeds: must be different"],
  ["a seed without a port", { seeds: ["a"] }, 'option seeds: "a" is not host:port'],
  ["a seed too long for a name", { seeds: [`${"a".repeat(130)}:1`] }, "is longer than 128 characters"],
  ["founders that are no majority", { founders: 1 }, "option founders: must be more than half of the 2 seeds"],
  ["more founders than seeds", { founders: 3 }, "and not more than all of them"],
  ["a name without founders", { seeds: "group.internal:7001" }, "option founders: is needed for seeds by name"],
  ["a delivery that is none", { delivery: "fast" as "agreed" }, 'option delivery: must be "uniform" or "agreed"'],
  [
    "values that fill a window",
    { valueBytesMax: 2 ** 20 },
    "option valueBytesMax: must be a whole number from 1 to 262144",
  ],
  ["suspicion at the first lost sign of life", { keepAliveMs: 200, suspectMs: 300 }, "option suspectMs"],
  ["a tick without length", { tickMs: 0 }, "option tickMs"],
])("%s is refused", (_, given, problem) => {
  expect(() => checkMemberOptions({ ...least, ...given }, plain)).toThrow(problem);
});

test("members that would not understand each other do not meet", () => {
  const nameOf = (given: Partial<MemberOptions>, kind: Parameters<typeof checkMemberOptions>[1]): string =>
    checkMemberOptions({ ...least, ...given }, kind).clusterId;

  const names = [
    nameOf({}, plain),
    nameOf({}, { ...plain, stateless: false }),
    nameOf({}, { ...plain, encoding: "string" }),
    nameOf({ delivery: "agreed" }, plain),
    nameOf({ name: "h" }, plain),
  ];

  expect(new Set(names).size).toBe(5);
});

test("times are whole ticks, and a slower sign of life makes suspicion slower", () => {
  const core = (given: Partial<MemberOptions>) => checkMemberOptions({ ...least, ...given }, plain).core;

  expect(core({})).toMatchObject({ keepAliveTicks: 5, suspectTicks: 25 });
  expect(core({ keepAliveMs: 1000 })).toMatchObject({ keepAliveTicks: 50, suspectTicks: 250 });
  expect(core({ keepAliveMs: 1, suspectMs: 4 })).toMatchObject({ keepAliveTicks: 1, suspectTicks: 4 });
});

test("a member that listens everywhere is named by an address that others can reach, or must say one", () => {
  const listen = "0.0.0.0:7001";

  let node: string;
  try {
    node = checkMemberOptions({ ...least, listen }, plain).node;
  } catch (error) {
    node = (error as Error).message; // a machine without a network
  }

  expect(node).toMatch(/^(\d+\.\d+\.\d+\.\d+:7001|option address: is needed)/);
  expect(node).not.toContain("0.0.0.0:7001");
  expect(checkMemberOptions({ ...least, listen, address: "me:7001" }, plain).node).toBe("me:7001");
});
