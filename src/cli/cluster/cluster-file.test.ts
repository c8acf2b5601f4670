import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClusterFile, readClusterFile, wipe, writeClusterFile } from "./cluster-file.ts";

const content: ClusterFile = { version: 1, clusterId: "local-1", nodes: [{ id: "n1", http: 12_380, peer: 12_379 }] };
let home: string;
let directory: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-file-"));
  directory = join(home, ".quorate");
});
afterEach(() => rmSync(home, { recursive: true }));

function put(...path: string[]): void {
  const file = join(directory, ...path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "x");
}

test("what was written is read; nothing there is nothing", () => {
  expect(readClusterFile(directory)).toBe(undefined);

  const running = { pid: 1, control: "/tmp/x.sock", children: [2, 3] };
  writeClusterFile(directory, { ...content, running });

  expect(readClusterFile(directory)).toEqual({ ...content, running });
});

test.each(["{", "{}", '{"version":2,"clusterId":"a","nodes":[]}'])("%s is not taken for a cluster's file", (text) => {
  mkdirSync(directory);
  writeFileSync(join(directory, "cluster.json"), text);

  expect(() => readClusterFile(directory)).toThrow("is not a file of this release");
});

describe("wipe", () => {
  test("deletes what a cluster left, and the directory", () => {
    writeClusterFile(directory, content);
    put("n1", "node.json");
    put("n1", "wal", "00000001.wal");
    put("logs", "n1.log");

    wipe(directory);

    expect(existsSync(directory)).toBe(false);
  });

  test("leaves what lies beside", () => {
    writeClusterFile(directory, content);
    put("n1", "lock");
    put("procfile", "n1", "node.json");

    wipe(directory);

    expect(readdirSync(directory)).toEqual(["procfile"]);
  });

  test("deletes nothing at all when a directory holds what is not ours", () => {
    writeClusterFile(directory, content);
    put("n1", "node.json");
    put("n1", "thesis.tex");

    expect(() => wipe(directory)).toThrow("thesis.tex is not ours; nothing was deleted");
    expect(readdirSync(join(directory, "n1")).sort()).toEqual(["node.json", "thesis.tex"]);
  });

  test("refuses a directory that holds no cluster", () => {
    put("precious");

    expect(() => wipe(directory)).toThrow("holds no cluster");
    expect(readdirSync(directory)).toEqual(["precious"]);
  });
});
