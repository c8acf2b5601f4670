import { describe, expect, test } from "vitest";
import { OptionError } from "./errors.ts";
import { checkOptions, type NodeOptions } from "./options.ts";

const members = { n1: "10.0.0.1:7000", n2: "10.0.0.2:7000", n3: "[::1]:7000" };
const usual: NodeOptions = { id: "n1", members, dataDir: "data" };
const check = (change: object) => () => checkOptions({ ...usual, ...change });

test("what is left out has its default", () => {
  const config = checkOptions(usual);

  expect(config).toMatchObject({
    tickMs: 20,
    electionTicks: 25,
    heartbeatTicks: 5,
    timeoutMs: 5000,
    requestBytesMax: 2 ** 20,
    snapshotEveryBytes: 2 ** 25,
    transport: "tcp",
    dataDir: "data",
    listen: { host: "10.0.0.1", port: 7000 },
  });
  expect(config.members).toContainEqual({ id: "n3", address: "[::1]:7000" });
  expect(config.notice("info", "nobody hears this", {})).toBeUndefined();
  expect(Object.isFrozen(config)).toBe(true);
});

test("a member alone listens nowhere, and a listen address may differ from what others dial", () => {
  expect(checkOptions({ id: "solo", storage: "memory" })).toMatchObject({
    members: [{ id: "solo", address: "" }],
    listen: undefined,
    dataDir: undefined,
  });
  expect(check({ listen: "0.0.0.0:9" })().listen).toEqual({ host: "0.0.0.0", port: 9 });
});

test("the cluster's name follows from who is where, in any order, and can be given", () => {
  const turned = Object.fromEntries(Object.entries(members).reverse());

  const { clusterId } = checkOptions(usual);

  expect(clusterId).toMatch(/^quorate-[0-9a-f]{8}$/);
  expect(check({ members: turned, id: "n3" })().clusterId).toBe(clusterId);
  expect(check({ members: { ...members, n3: "10.0.0.3:7000" } })().clusterId).not.toBe(clusterId);
  expect(check({ clusterId: "mine" })().clusterId).toBe("mine");
});

describe("an option that cannot be used is named, with what it must be", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, `h:${at + 1}`]));
  const cases: readonly [change: object, message: string][] = [
    [{ id: "" }, "option id: must be 1 to 64 letters, digits"],
    [{ id: "a b" }, "option id: must be 1 to 64"],
    [{ id: "n9" }, "option members: must name this member, n9"],
    [{ members: many }, "option members: must be at most 99"],
    [{ members: { ...members, "-x": "h:1" } }, 'option members: "-x" is no node id'],
    [{ members: { ...members, n2: "nowhere" } }, 'option members.n2: "nowhere" is not host:port'],
    [{ members: { ...members, n2: "h:70000" } }, "option members.n2"],
    [{ members: { ...members, n2: members.n1 } }, "option members: must have different addresses"],
    [{ listen: "7000" }, 'option listen: "7000" is not host:port'],
    [{ clusterId: "" }, "option clusterId: must have 1 to 64 characters"],
    [{ clusterId: "c".repeat(65) }, "option clusterId"],
    [{ tickMs: 0 }, "option tickMs: must be a whole number from 1 to 1000"],
    [{ tickMs: 1.5 }, "option tickMs"],
    [{ heartbeatTicks: 0 }, "option heartbeatTicks: must be a whole number from 1 to 1000"],
    [{ electionTicks: 5 }, "option electionTicks: must be a whole number from 6 to 10000"],
    [{ timeoutMs: 0 }, "option timeoutMs: must be a whole number from 1 to 3600000"],
    [{ requestBytesMax: 2 ** 23 + 1 }, "option requestBytesMax: must be a whole number from 1 to 8388608"],
    [{ snapshotEveryBytes: 4095 }, "option snapshotEveryBytes: must be a whole number from 4096"],
    [{ storage: "paper" }, 'option storage: must be "wal", "lmdb" or "memory"'],
    [{ storage: "lmdb", protocol: "total-order" }, "option storage: is not for total-order"],
    [{ syncPending: true }, 'option syncPending: is for protocol "multi-paxos"'],
    [{ dataDir: undefined }, 'option dataDir: is needed, unless storage is "memory"'],
    [{ storage: "memory" }, 'option dataDir: would stay empty: storage is "memory"'],
  ];

  test.each(cases)("%o", (change, message) => {
    expect(check(change)).toThrow(OptionError);
    expect(check(change)).toThrow(message);
  });
});
