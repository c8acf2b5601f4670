import { expect, test } from "vitest";
import { findOwn, parseHosts } from "./hostfile.ts";

const hosts = parseHosts("alpha\nbeta:7000\n[fd00::1]:7001\n10.0.0.1\n", 2346, "hosts");

test("each line is a server, its id the line's number from 0, its port the usual one unless it names another", () => {
  expect(hosts).toEqual([
    { id: "0", host: "alpha", port: 2346 },
    { id: "1", host: "beta", port: 7000 },
    { id: "2", host: "fd00::1", port: 7001 },
    { id: "3", host: "10.0.0.1", port: 2346 },
  ]);
});

test.each([
  ["alpha\n\nbeta", 'hosts, line 2: "" is no host or host:port'],
  ["", 'hosts, line 1: "" is no host or host:port'],
  ["alpha beta", 'hosts, line 1: "alpha beta" is no host or host:port'],
  ["alpha:0", 'hosts, line 1: "alpha:0" is no host or host:port'],
  ["alpha:70000", 'hosts, line 1: "alpha:70000" is no host or host:port'],
  ["alpha\nbeta\nalpha:2346", "hosts, line 3: alpha:2346 is on line 1, too"],
  [Array.from({ length: 32 }, (_, at) => `h${at}`).join("\n"), "hosts, line 32: a group has at most 31 servers"],
])("a hostfile of %j is refused, and the line is named", (text, problem) => {
  expect(() => parseHosts(text, 2346, "hosts")).toThrow(problem);
});

const isHere =
  (...own: readonly string[]) =>
  async (host: string): Promise<boolean> =>
    own.includes(host);

test("a server finds its line by the machine it is on, or is told which it is", async () => {
  expect(await findOwn(hosts, undefined, "hosts", isHere("beta"))).toMatchObject({ id: "1" });
  expect(await findOwn(hosts, 3, "hosts", isHere("beta"))).toMatchObject({ id: "3" });
});

test("a server that is on no line, on two, or past the last one is refused", async () => {
  await expect(findOwn(hosts, 4, "hosts")).rejects.toThrow("-i 4: hosts ends with line 4, so ids are 0 to 3");
  await expect(findOwn(hosts, undefined, "hosts", isHere())).rejects.toThrow("none of the 4 lines of hosts names");
  await expect(findOwn(hosts, undefined, "hosts", isHere("alpha", "10.0.0.1"))).rejects.toThrow(
    "lines 1, 4 of hosts all name this machine: say with -i which one is meant (line 1 is -i 0)",
  );
});

test("the machine's own addresses are found", async () => {
  const local = parseHosts("192.0.2.1\n127.0.0.1", 2346, "hosts");

  expect(await findOwn(local, undefined, "hosts")).toMatchObject({ id: "1" });
});
