import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfiguration } from "./configuration.ts";
import { CommandFailure } from "./exit.ts";
import { splitAddress } from "./settings.ts";

const flags = { id: "n1", cluster: "n1=127.0.0.1:12379,n2=127.0.0.1:22379" };
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-settings-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function complaint(sources: Parameters<typeof readConfiguration>[0]): CommandFailure {
  try {
    readConfiguration(sources);
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

test("a node that joins must be told the cluster's id", () => {
  const refused = complaint({ flags: { ...flags, join: true }, env: {} });
  const { settings } = readConfiguration({ flags: { ...flags, join: true, clusterId: "orders" }, env: {} });

  expect(refused.message).toContain("--join: give --cluster-id, too");
  expect(settings).toMatchObject({ join: true, "cluster-id": "orders", leases: false });
});

describe("precedence", () => {
  test("a flag beats a variable, which beats the file, which beats the default", () => {
    const config = file("order.yaml", "port: 1111\nhost: 127.0.0.2\ntick-ms: 30\n");
    const env = { QUORATE_PORT: "2222", QUORATE_HOST: "127.0.0.3" };

    const { settings } = readConfiguration({ flags: { ...flags, config, port: "3333" }, env });

    expect(settings).toMatchObject({ port: 3333, host: "127.0.0.3", "tick-ms": 30, "log-level": "info" });
  });

  test("every setting may come from a JSON file alone, named by a variable", () => {
    const members = { n1: "localhost:1001", n2: "[::1]:1002" };
    const config = file("all.json", JSON.stringify({ id: "n2", cluster: members, insecure: true, "data-dir": "/d" }));

    const { settings } = readConfiguration({ flags: {}, env: { QUORATE_CONFIG: config } });

    expect(settings).toMatchObject({ id: "n2", insecure: true, "data-dir": "/d" });
    expect(settings.cluster).toEqual([
      { id: "n1", address: "localhost:1001" },
      { id: "n2", address: "[::1]:1002" },
    ]);
  });

  test("what others can reach is listened on when it is said to be meant, under the names given", () => {
    const open = { id: "n1", cluster: "n1=node-1:12379", host: "0.0.0.0", listen: "0.0.0.0:12379" };

    const { settings } = readConfiguration({ flags: { ...open, insecure: true, names: "node-1, proxy" }, env: {} });

    expect(settings).toMatchObject({ ...open, cluster: [{ id: "n1", address: "node-1:12379" }] });
    expect(settings.names).toEqual(["node-1", "proxy"]);
  });

  test("an empty variable is as good as none", () => {
    const { settings } = readConfiguration({ flags, env: { QUORATE_PORT: "" } });

    expect(settings.port).toBe(12_380);
  });
});

describe("what cannot be used is named", () => {
  test("an unknown key in the file, with the nearest known one", () => {
    const config = file("unknown.yaml", "data_dir: /tmp\n");

    const failure = complaint({ flags: { ...flags, config }, env: {} });

    expect(failure.exit).toBe(64);
    expect(failure.message).toContain("unknown key data_dir; did you mean data-dir?");
  });

  test("a variable that looks like a setting and is none is a warning", () => {
    const { warnings } = readConfiguration({ flags, env: { QUORATE_PROT: "1", QUORATE_ENDPOINTS: "x" } });

    expect(warnings).toEqual([
      expect.stringContaining("QUORATE_PROT is no setting and is ignored; did you mean QUORATE_PORT?"),
    ]);
  });

  test.each([
    [{ ...flags, port: "70000" }, {}, "--port: must be at most 65535"],
    [flags, { QUORATE_PORT: "tcp://10.0.0.1:80" }, "QUORATE_PORT: must be a whole number"],
    [{ cluster: flags.cluster }, {}, "id is missing: give --id, QUORATE_ID"],
    [{ ...flags, id: "n9" }, {}, "--id: n9 is no member in --cluster"],
    [{ ...flags, cluster: "n1=127.0.0.1" }, {}, "--cluster: must be n1=host:port"],
    [{ ...flags, cluster: "n1=a:1,n1=b:2" }, {}, "names a member twice"],
    [{ ...flags, cluster: "n1=a:1,n2=a:1" }, {}, "names an address twice"],
    [{ ...flags, logLevel: "loud" }, {}, "--log-level: must be fatal"],
    [{ ...flags, host: "0.0.0.0" }, {}, "--host: 0.0.0.0 is not loopback"],
    [{ ...flags, cluster: "n1=10.0.0.1:1" }, {}, "--cluster: 10.0.0.1 is not loopback"],
    [flags, { QUORATE_LISTEN: "[::]:12379" }, "QUORATE_LISTEN: :: is not loopback"],
    [{ ...flags, names: "n1.example:80" }, {}, "--names: must be host names, without a port"],
    [{ ...flags, config: "/nowhere/quorate.yaml" }, {}, "/nowhere/quorate.yaml cannot be read"],
  ])("%j with %j: %s", (given, env, message) => {
    expect(complaint({ flags: given, env }).message).toContain(message);
  });
});

test("addresses are taken apart, v6 in brackets; anything else is none", () => {
  expect(splitAddress("localhost:80")).toEqual({ host: "localhost", port: 80 });
  expect(splitAddress("[::1]:80")).toEqual({ host: "::1", port: 80 });
  for (const bad of ["localhost", "::1:80", "a:0", "a:70000", "a b:1", ":1", ""])
    expect(splitAddress(bad)).toBe(undefined);
});
