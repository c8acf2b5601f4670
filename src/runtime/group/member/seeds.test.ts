import { expect, test, vi } from "vitest";
import { Seeds } from "./seeds.ts";

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000 });
const source = { kind: "name", address: { host: "group", port: 7 }, founders: 2 } as const;

/** Seeds by name, the answers that the name gives, and what was told. */
function named(own: string, answers: () => readonly string[]) {
  const notices: string[] = [];
  const told: (readonly string[])[] = [];
  const resolve = async () => answers();
  const seeds = new Seeds(source, own, (_level, text) => notices.push(text), resolve);
  return { seeds, notices, told, start: () => seeds.start((nodes) => told.push(nodes)) };
}

test("a name is looked up again, and what it leads to are the seeds, in one order everywhere", async () => {
  let answers = ["10.0.0.2", "10.0.0.1"];
  const { seeds, told, start } = named("10.0.0.1:7", () => answers);

  await start();
  expect(seeds.nodes).toEqual(["10.0.0.1:7", "10.0.0.2:7"]);
  answers = ["::3", "10.0.0.1", "10.0.0.2"];

  await eventually(() => expect(seeds.nodes).toEqual(["10.0.0.1:7", "10.0.0.2:7", "[::3]:7"]));
  expect(told).toHaveLength(2);
  seeds.stop();
});

test("a name that cannot be looked up is complained of once, and leaves the node alone", async () => {
  const { seeds, notices, start } = named("10.0.0.1:7", () => {
    throw Object.assign(new Error("no such host"), { code: "ENOTFOUND" });
  });

  await start();
  await start();

  expect(seeds.nodes).toEqual(["10.0.0.1:7"]);
  expect(notices).toEqual(["seeds: group cannot be looked up: ENOTFOUND"]);
  seeds.stop();
});

test("more addresses than the founders are a majority of are left out, by all alike", async () => {
  const answers = ["10.0.0.4", "10.0.0.2", "10.0.0.3", "10.0.0.1"];
  const one = named("10.0.0.1:7", () => answers);
  const other = named("10.0.0.4:7", () => answers.toReversed());

  await Promise.all([one.start(), other.start()]);

  expect(one.seeds.nodes).toEqual(["10.0.0.1:7", "10.0.0.2:7", "10.0.0.3:7"]);
  expect(other.seeds.nodes).toEqual(one.seeds.nodes);
  expect(one.notices).toEqual(["seeds: group has 4 addresses, and 2 founders allow 3"]);
  one.seeds.stop();
  other.seeds.stop();
});

test("a node that its name does not lead to is told that it founds no group", async () => {
  const { seeds, notices, start } = named("127.0.0.1:7", () => ["10.0.0.1"]);

  await start();

  expect(seeds.nodes).toEqual(["10.0.0.1:7"]);
  expect(notices[0]).toContain("does not lead to 127.0.0.1:7");
  seeds.stop();
});

test("a list without this node's own address, perhaps in another spelling, is told of", async () => {
  const notices: string[] = [];
  const list = { kind: "list", nodes: ["localhost:7", "localhost:8"], founders: 0 } as const;
  const seeds = new Seeds(list, "127.0.0.1:7", (_level, text) => notices.push(text));

  await seeds.start(() => undefined);

  expect(seeds.nodes).toEqual(["localhost:7", "localhost:8"]);
  expect(notices[0]).toContain("the list of seeds does not lead to 127.0.0.1:7");
});

test("what is stopped during its first look does not look again", async () => {
  let looks = 0;
  let answer: (found: readonly string[]) => void = () => {};
  const resolve = (): Promise<readonly string[]> => {
    looks++;
    return new Promise((found) => {
      answer = found;
    });
  };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const seeds = new Seeds(source, "10.0.0.1:7", () => {}, resolve);
  const started = seeds.start(() => {});
  await vi.waitFor(() => expect(looks).toBe(1));
  seeds.stop();
  answer(["10.0.0.1"]);
  await started;

  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
