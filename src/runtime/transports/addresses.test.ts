import { describe, expect, test } from "vitest";
import { parseAddress, Resolver } from "./addresses.ts";

describe("an address", () => {
  test.each([
    ["127.0.0.1:12379", { host: "127.0.0.1", port: 12_379 }],
    ["n1.example.org:1", { host: "n1.example.org", port: 1 }],
    ["[::1]:65535", { host: "::1", port: 65_535 }],
    ["[fe80::1%eth0]:80", { host: "fe80::1%eth0", port: 80 }],
  ])("%s is read", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each([
    "",
    "n1",
    "n1:",
    ":80",
    "n1:0",
    "n1:65536",
    "n1:8x",
    "::1:80",
    "[n1]:80",
    "[::1]",
    "n 1:80",
    "a/b:80",
    "n1:80:90",
  ])("%j is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("the resolver", () => {
  function newResolver() {
    const clock = { nowMs: 0 };
    const asked: string[] = [];
    const world = { answer: async (_: string): Promise<string[]> => ["10.0.0.1"] };
    const timers = { now: () => clock.nowMs, after: () => () => {} };
    const resolver = new Resolver(
      (host) => {
        asked.push(host);
        return world.answer(host);
      },
      1000,
      timers,
    );
    return { resolver, asked, world, clock };
  }

  test("never looks up what is an IP address already", async () => {
    const { resolver, asked } = newResolver();

    expect(await Promise.all([resolver.find("10.1.2.3"), resolver.find("::1")])).toEqual([["10.1.2.3"], ["::1"]]);
    expect(asked).toEqual([]);
  });

  test("remembers an answer for a short time, then asks anew", async () => {
    const { resolver, asked, world, clock } = newResolver();

    await Promise.all([resolver.find("n1"), resolver.find("n1")]);
    clock.nowMs = 999;
    await resolver.find("n1");
    const askedAtFirst = asked.length;
    clock.nowMs = 1000;
    world.answer = async () => ["10.0.0.2"];

    expect(await resolver.find("n1")).toEqual(["10.0.0.2"]);
    expect([askedAtFirst, asked.length]).toEqual([1, 2]);
  });

  test("looks up one name at a time, across all resolvers of the process", async () => {
    const [one, two] = [newResolver(), newResolver()];
    const underWay: string[] = [];
    let most = 0;
    const slow = async (host: string): Promise<string[]> => {
      most = Math.max(most, underWay.push(host));
      await new Promise(setImmediate);
      underWay.pop();
      return ["10.0.0.1"];
    };
    one.world.answer = slow;
    two.world.answer = slow;

    await Promise.all([one.resolver.find("a"), two.resolver.find("b"), one.resolver.find("c"), two.resolver.find("d")]);

    expect(most).toBe(1);
    expect([...one.asked, ...two.asked]).toEqual(["a", "c", "b", "d"]);
  });

  test("falls back on the last known answer, and fails without one; the next in turn is not harmed", async () => {
    const { resolver, world, clock } = newResolver();
    await resolver.find("n1");
    clock.nowMs = 5000;
    world.answer = async (host) => {
      if (host === "empty") return [];
      throw new Error("SERVFAIL");
    };

    const found = await Promise.allSettled(["n2", "n1", "empty"].map((host) => resolver.find(host)));

    expect(found).toMatchObject([
      { status: "rejected", reason: { message: "SERVFAIL" } },
      { status: "fulfilled", value: ["10.0.0.1"] },
      { status: "rejected", reason: { message: "empty has no address" } },
    ]);
  });
});
