import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSettings } from "../configuration.ts";
import { type BroadcastSettings, broadcastSettings, checkBroadcastSettings, translateClassic } from "./settings.ts";

const home = mkdtempSync(join(tmpdir(), "quorate-broadcast-settings-"));
afterAll(() => rmSync(home, { recursive: true }));

function read(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv = {}): BroadcastSettings {
  return readSettings({ flags, env }, broadcastSettings, checkBroadcastSettings, translateClassic).settings;
}

function file(text: string): string {
  const path = join(home, "config.yml");
  writeFileSync(path, text);
  return path;
}

test("the classic file is taken as it is", () => {
  const config = file(`
listen:
  port: 5001
cluster:
  broadcast:
    ports: [5003, 5001, 5002]
keepAliveFreq: "1000ms"
`);

  expect(read({ config })).toMatchObject({
    listen: "127.0.0.1:5001",
    seeds: ["127.0.0.1:5001", "127.0.0.1:5002", "127.0.0.1:5003"],
    "keep-alive-ms": 1000,
    "log-file": "5001.log",
  });
});

test("its own port may be missing in a classic file's list, and all files mean the same seeds", () => {
  const one = read({ config: file("listen: {port: 5001}\ncluster: {broadcast: {ports: [5002]}}\n") });
  const other = read({ config: file('{"listen": {"port": 5002}, "cluster": {"broadcast": {"ports": [5001]}}}') });

  expect(one.seeds).toEqual(["127.0.0.1:5001", "127.0.0.1:5002"]);
  expect(other.seeds).toEqual(one.seeds);
});

test("a flag beats a variable, a variable beats the file", () => {
  const config = file("listen: 127.0.0.1:1\nseeds: [127.0.0.1:1, 2]\nname: file\ndelivery: agreed\n");
  const env = { QUORATE_LISTEN: "2", QUORATE_NAME: "variable" };

  expect(read({ config, listen: "3" }, env)).toMatchObject({
    listen: "127.0.0.1:3",
    name: "variable",
    delivery: "agreed",
    seeds: ["127.0.0.1:1", "127.0.0.1:2"],
  });
});

test.each([
  [{ seeds: "1,2" }, "listen is missing: give --listen, QUORATE_LISTEN, or listen in a file (--config)"],
  [{ listen: "x", seeds: "1" }, '--listen: must be host:port, or a port of 127.0.0.1, not "x"'],
  [{ listen: "1" }, "give either --seeds, a list, or --seeds-name"],
  [{ listen: "1", seeds: "1", seedsName: "a:1" }, "give either --seeds, a list, or --seeds-name"],
  [{ listen: "1", seeds: "1,1" }, "--seeds: names an address twice"],
  [{ listen: "1", seeds: "1,b" }, "--seeds: must be host:port,host:port,…"],
  [{ listen: "0.0.0.0:1", seeds: "1" }, "--listen: 0.0.0.0 is not loopback"],
  [{ listen: "1", seeds: "1", delivery: "fast" }, '--delivery: must be uniform or agreed, not "fast"'],
])("%o is refused, and where it came from is named", (flags, problem) => {
  expect(() => read(flags)).toThrow(problem);
});

test.each([
  ["listne: 1\n", "has the unknown key listne; did you mean listen?"],
  ["listen: {port: 1}\ncluster: {broadcast: {ports: 7}}\nkeepAliveFreq: soon\n", "keepAliveFreq must be a duration"],
  ["listen: {port: 99999}\ncluster: {broadcast: {ports: [1]}}\n", "must be host:port, or a port of 127.0.0.1"],
  ["listen: {port: 1}\ncluster: {broadcast: {ports: [one]}}\n", "must be host:port,host:port,…"],
])("a file that says %o is refused", (text, problem) => {
  expect(() => read({ config: file(text) })).toThrow(problem);
});
