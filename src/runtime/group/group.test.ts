import { expect, test, vi } from "vitest";
import { Groups, type ListMember } from "../../../test/support/groups.ts";
import { joinGroup } from "./group.ts";

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 5 });

/** Of an application that keeps nothing. */
const state = { get: () => [], set: () => {} };

function values(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

test("what members multicast at the same time is delivered to all of them, once, in one order", async () => {
  await using groups = new Groups();
  const members = await groups.joinAll();
  const sent = members.map((_, at) => values(`${at}.`, 50));

  const positions = await Promise.all(
    members.map(({ group }, at) => Promise.all((sent[at] ?? []).map((value) => group.multicast(value)))),
  );

  await eventually(() => expect(members.map(({ seen }) => seen.length)).toEqual([150, 150, 150]));
  const [first, second, third] = members;
  expect(second.seen).toEqual(first.seen);
  expect(third.seen).toEqual(first.seen);
  expect(first.state.toSorted()).toEqual(sent.flat().toSorted());
  for (const [at, own] of sent.entries()) expect(positions[at]?.map((place) => first.state[place - 1])).toEqual(own);
  expect(first.seen.map((line) => Number(line.split(" ")[0]))).toEqual(
    values("", 150).map((place) => Number(place) + 1),
  );
});

test("a newcomer gets the state of the exact position where it comes in, while messages go on", async () => {
  await using groups = new Groups();
  const [first, second] = (await Promise.all(groups.seeds.slice(0, 2).map((seed) => groups.join(seed)))) as [
    ListMember,
    ListMember,
  ];
  let isOver = false;
  const load = [first, second].map(async ({ group }) => {
    for (let at = 0; !isOver; at++) await group.multicast(`${group.address} ${at}`);
  });
  await eventually(() => expect(first.state.length).toBeGreaterThan(20));

  const newcomer = await groups.join("m9:7000");
  await eventually(() => expect(newcomer.seen.length).toBeGreaterThan(20));
  isOver = true;
  await Promise.all(load);

  const [from = 0] = newcomer.replacedAt;
  expect(from).toBeGreaterThan(20);
  await eventually(() => expect(newcomer.state).toEqual(first.state));
  await eventually(() => expect(second.state).toEqual(first.state));
  expect(newcomer.seen[0]).toMatch(new RegExp(`^${from + 1} `));
  expect(newcomer.group.view.members).toEqual(["m1:7000", "m2:7000", "m9:7000"]);
});

test("a large state travels in pieces", async () => {
  await using groups = new Groups();
  const large = "x".repeat(200_000);
  const [first] = await Promise.all(groups.seeds.slice(0, 2).map((seed) => groups.join(seed)));
  for (let at = 0; at < 8; at++) await first?.group.multicast(large);

  const newcomer = await groups.join("m3:7000");

  expect(newcomer.state.length).toBe(8);
  expect(newcomer.state.every((value) => value === large)).toBe(true);
});

test("a member that dies is voted out; its return brings it the state", async () => {
  await using groups = new Groups();
  const [first, second, third] = await groups.joinAll();
  await third.group.multicast("before");

  await groups.kill("m3:7000");
  await Promise.all([first.group.multicast("without it"), second.group.multicast("still without it")]);
  const back = await groups.join("m3:7000");

  expect(first.views.at(-1)).toMatchObject({ state: "normal", joined: ["m3:7000"], left: [] });
  expect(first.views.at(-2)).toMatchObject({ members: ["m1:7000", "m2:7000"], left: ["m3:7000"] });
  expect(back.state).toEqual(first.state);
  expect(await back.group.multicast("after")).toBe(4);
});

test("a minority is blocked, says so, and returns with the others' state; what it had sent has an unknown fate", async () => {
  await using groups = new Groups();
  const [first, second, third] = await groups.joinAll();
  await first.group.multicast("before");

  groups.isolate("m3:7000");
  await eventually(() => expect(third.group.view.state).toBe("blocked"));
  const lost = third.group.multicast("lost", { timeoutMs: 20_000 });
  const told = expect(lost).rejects.toMatchObject({ code: "QUORATE_UNDELIVERED", outcome: "unknown" });
  await first.group.multicast("kept");
  groups.heal();
  await eventually(() => expect(third.views.map(({ state }) => state)).toContain("excluded"));
  await told;
  expect(await third.group.multicast("again", { timeoutMs: 20_000 })).toBeGreaterThan(2);

  await eventually(() => expect(third.state).toEqual(first.state));
  await eventually(() => expect(second.state).toEqual(first.state));
  expect(third.replacedAt).toHaveLength(1);
  expect(third.group.view.state).toBe("normal");
});

test("a multicast whose time is up says that it may yet be delivered; one given up does, too", async () => {
  await using groups = new Groups();
  const [, , third] = await groups.joinAll();
  groups.isolate("m3:7000");
  const stop = new AbortController();

  const late = third.group.multicast("late", { timeoutMs: 30 });
  const aborted = third.group.multicast("aborted", { signal: stop.signal });
  stop.abort();

  await expect(aborted).rejects.toMatchObject({ code: "QUORATE_ABORTED", outcome: "unknown" });
  await expect(late).rejects.toMatchObject({ code: "QUORATE_UNDELIVERED", outcome: "unknown" });
});

test("a member that does not take in what is delivered holds the senders up, and nothing is lost", async () => {
  await using groups = new Groups();
  const [first, second] = await groups.joinAll();
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const stuck = await joinGroup<string>({ ...groups.options("m4:7000"), encoding: "json", unconsumedMax: 10, state });
  const taken: string[] = [];
  const reading = (async () => {
    for await (const { value } of stuck) {
      await held;
      taken.push(value);
    }
  })();
  const large = values("x".repeat(20_000), 600);
  let sent = 0;

  const sending = Promise.all(
    large.map(async (value) => {
      await first.group.multicast(value, { timeoutMs: 60_000 });
      sent++;
    }),
  );
  await eventually(() => expect(sent).toBeGreaterThan(20));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const sentWhileHeld = sent;
  release();
  await sending;

  expect(sentWhileHeld).toBeLessThan(400); // what fits into the windows on the way
  await eventually(() => expect(taken).toEqual(large));
  await eventually(() => expect(second.state).toEqual(large));
  await stuck.leave();
  await reading;
});

test("who leaves has delivered all that it multicast; its loop ends; the others go on at once", async () => {
  await using groups = new Groups();
  const [first, second, third] = await groups.joinAll();
  const last = Promise.all(values("last ", 100).map((value) => third.group.multicast(value)));

  await third.group.leave();

  expect(await last).toHaveLength(100);
  await third.done;
  await third.group.closed;
  await expect(third.group.multicast("more")).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "not-applied" });
  await first.group.multicast("next");
  expect(first.group.view.members).toEqual(["m1:7000", "m2:7000"]);
  await eventually(() => expect(second.state).toEqual(first.state));
  expect(first.state).toHaveLength(101);
});

test("without a state a newcomer begins where it comes in", async () => {
  await using groups = new Groups(1);
  const options = (address: string) => ({ ...groups.options(address), encoding: "string" }) as const;
  const first = await joinGroup(options("m1:7000"));
  await first.multicast("unseen");

  const second = await joinGroup(options("m2:7000"));
  await first.multicast("seen");
  const { value } = await second.deliveries().next();

  expect(value).toMatchObject({ position: 2, sender: "m1:7000", value: "seen" });
  await Promise.all([first.leave(), second.leave()]);
});

test("a process may be in several groups", async () => {
  await using numbers = new Groups(1);
  await using words = new Groups(1);
  const one = await joinGroup<number>({ ...numbers.options("m1:7000"), name: "numbers", encoding: "json" });
  const other = await joinGroup({ ...words.options("m1:7000"), name: "words", encoding: "bytes" });

  expect(await one.multicast(7)).toBe(1);
  expect(await other.multicast(Buffer.from("seven"))).toBe(1);

  const { value } = await other.deliveries().next();
  expect(Buffer.from(value.value).toString()).toBe("seven");
  await Promise.all([one.leave(), other.leave()]);
});

test("joining can be given up; a signal that comes later leaves", async () => {
  await using groups = new Groups();
  const stop = new AbortController();
  const lonely = joinGroup<string>({ ...groups.options("m1:7000"), encoding: "json", signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  await expect(lonely).rejects.toMatchObject({ code: "QUORATE_ABORTED", outcome: "not-applied" });

  const later = new AbortController();
  const [, second, third] = await groups.joinAll().then(async (members) => {
    await members[2].group.leave();
    return [members[0], members[1], await groups.join("m3:7000", { signal: later.signal })] as const;
  });
  later.abort();

  await third.group.closed;
  await eventually(() => expect(second.group.view.members).toEqual(["m1:7000", "m2:7000"]));
});

test("a value that cannot be sent is refused before anything happens", async () => {
  await using groups = new Groups(1);
  const { group } = await groups.join("m1:7000", { valueBytesMax: 100 });
  const circular: unknown[] = [];
  circular.push(circular);

  await expect(group.multicast("x".repeat(99))).rejects.toMatchObject({ code: "QUORATE_TOO_LARGE" });
  await expect(group.multicast(circular as unknown as string)).rejects.toMatchObject({ code: "QUORATE_OPTION" });
  await expect(group.multicast(undefined as unknown as string)).rejects.toMatchObject({ code: "QUORATE_OPTION" });
  expect(await group.multicast("fine")).toBe(1);
});

test("a loop that ends has taken in what it was given; the next one goes on after it", async () => {
  await using groups = new Groups(1);
  const group = await joinGroup({ ...groups.options("m1:7000"), encoding: "string" });
  for (const value of ["a", "b", "c"]) await group.multicast(value);
  const first: string[] = [];
  const second: string[] = [];

  for await (const { value } of group) {
    first.push(value);
    if (value === "b") break;
  }
  for await (const { value } of group) {
    second.push(value);
    expect(() => group.deliveries()).toThrow("one reader");
    break;
  }

  expect([first, second]).toEqual([["a", "b"], ["c"]]);
  await group.leave();
});

test("an application that cannot give its state stops its member, and only that", async () => {
  await using groups = new Groups();
  const [first, second] = (await Promise.all(groups.seeds.slice(0, 2).map((seed) => groups.join(seed)))) as [
    ListMember,
    ListMember,
  ];
  const broken = await joinGroup<string>({
    ...groups.options("m0:7000"), // the first by name gives the state
    encoding: "json",
    state: {
      get: () => {
        throw new Error("no state today");
      },
      set: () => {},
    },
  });
  const failed = expect(broken.closed).rejects.toThrow("no state today");

  const newcomer = await groups.join("m3:7000");

  await failed;
  await expect(broken.deliveries().next()).rejects.toThrow("no state today");
  await eventually(() => expect(newcomer.group.view.members).toEqual(["m1:7000", "m2:7000", "m3:7000"]));
  await second.group.multicast("on");
  await eventually(() => expect(newcomer.state).toEqual(first.state));
});

test("what waits for a silent member is bounded as documented, and nothing of it is refused", async () => {
  await using groups = new Groups();
  const [first] = await groups.joinAll();
  groups.isolate("m3:7000");

  const all = values("x".repeat(1600), 19_000).map((value) => first.group.multicast(value, { timeoutMs: 60_000 }));

  expect(new Set(await Promise.all(all)).size).toBe(19_000);
}, 60_000);

test("ticks longer than the times that they count make a group as well", async () => {
  await using groups = new Groups(2);
  const coarse = { tickMs: 80, keepAliveMs: 40, suspectMs: 160 };
  const [first] = await Promise.all(groups.seeds.map((seed) => groups.join(seed, coarse)));

  expect(await first?.group.multicast("x")).toBe(1);
}, 30_000);

test("joining is given up at once, even while a name server does not answer", async () => {
  await using groups = new Groups(1);
  const stop = new AbortController();
  let answer: (found: readonly string[]) => void = () => {};
  const resolve = () =>
    new Promise<readonly string[]>((found) => {
      answer = found;
    });
  const options = { ...groups.options("m1:7000"), seeds: "group:7000", founders: 1, resolve, signal: stop.signal };
  const joining = joinGroup({ ...options, encoding: "string" });
  setTimeout(() => stop.abort(), 20);

  await expect(joining).rejects.toMatchObject({ code: "QUORATE_ABORTED" });
  answer([]); // one lookup at a time in a process: others wait
});

test("who alone has the state leaves once the newcomer has it", async () => {
  await using groups = new Groups(1);
  let give: (values: string[]) => void = () => {};
  const asked = new Promise<void>((resolve) => {
    const get = (): Promise<string[]> => {
      resolve();
      return new Promise((given) => {
        give = given;
      });
    };
    void joinGroup<string>({ ...groups.options("m1:7000"), encoding: "json", state: { get, set: () => {} } }).then(
      (group) => asked.then(() => group.leave()),
    );
  });
  const joining = groups.join("m2:7000");
  await asked;
  setTimeout(() => give(["kept"]), 50);

  const newcomer = await joining;

  expect(newcomer.state).toEqual(["kept"]);
  await eventually(() => expect(newcomer.group.view.members).toEqual(["m2:7000"]));
});

test("who cannot take part is told why: no group, one that is lost, a state that takes its time", async () => {
  await using groups = new Groups();
  const told: string[] = [];
  const notice = (_level: string, text: string) => told.push(text);
  const said = (text: string) =>
    vi.waitFor(() => expect(told.filter((line) => line.includes(text))).not.toEqual([]), { timeout: 15_000 });
  const stop = new AbortController();
  const lonely = joinGroup({ ...groups.options("m1:7000"), encoding: "json", state, notice, signal: stop.signal });
  const ended = expect(lonely).rejects.toMatchObject({ code: "QUORATE_ABORTED" });
  await said("no group yet at m1:7000, m2:7000, m3:7000");
  stop.abort();
  await ended;

  const [, , third] = await groups.joinAll({ notice: (_level, text) => told.push(`m3: ${text}`) });
  await Promise.all([groups.kill("m1:7000"), groups.kill("m2:7000")]);
  const again = new AbortController();
  const back = ["m1:7000", "m2:7000"].map((address) =>
    joinGroup({ ...groups.options(address), encoding: "json", state, notice, signal: again.signal }).catch(() => {}),
  );
  await said("a group is heard at m3:7000");
  await said("m3: m1:7000, m2:7000 started anew");
  again.abort();
  await Promise.all(back);
  expect(third.group.view.state).toBe("blocked");
}, 60_000);

test("a state that takes longer to encode than a member may be silent is complained of", async () => {
  await using groups = new Groups(1);
  const slow = {
    toJSON: () => {
      const until = performance.now() + 40;
      while (performance.now() < until);
      return [];
    },
  };
  const told: string[] = [];
  const giver = await joinGroup({
    ...groups.options("m1:7000"),
    encoding: "json",
    state: { get: () => slow, set: () => {} },
    notice: (_level, text) => told.push(text),
  });
  await groups.join("m2:7000");

  expect(told).toContainEqual(expect.stringMatching(/^encoding the state took \d+ ms, .* after 50 ms/));
  await giver.leave();
});
