import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GenesisRecord } from "../../../protocols/total-order/index.ts";
import { storedFounding } from "./founding.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "quorate-founding-"));
});
afterEach(() => rm(home, { recursive: true }));

const identity = { nodeId: "127.0.0.1:7001", clusterId: "g:json:uniform" };
const record = (round: number): GenesisRecord => {
  return { kind: "genesis", promised: { round, node: "127.0.0.1:7002" }, accepted: undefined };
};

test("the newest record outlives the process, unless a new group is begun", async () => {
  const first = await storedFounding(home, identity, false);
  expect(first.record).toBeUndefined();
  await first.store(record(1));
  await first.store(record(2));
  await first.close();

  const second = await storedFounding(home, identity, false);
  expect(second.record).toEqual(record(2));
  await second.close();
  const anew = await storedFounding(home, identity, true);
  expect(anew.record).toBeUndefined();
  await anew.close();
});

test("a directory is one member's of one group, and one process's", async () => {
  const held = await storedFounding(home, identity, false);
  const other = { ...identity, clusterId: "h:json:uniform" };

  await expect(storedFounding(home, identity, false)).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED" });
  await held.close();

  await expect(storedFounding(home, other, false)).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
  await expect(storedFounding(home, { ...identity, nodeId: "127.0.0.1:9" }, false)).rejects.toMatchObject({
    code: "QUORATE_WRONG_DIRECTORY",
  });
});

test("a damaged record is never taken for none", async () => {
  const founding = await storedFounding(home, identity, false);
  await founding.store(record(7));
  await founding.close();
  const file = join(home, "founding");
  const whole = await readFile(file);

  for (let at = 0; at < whole.length; at++) {
    const damaged = Uint8Array.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    await writeFile(file, damaged);
    await expect(storedFounding(home, identity, false)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION" });
  }
  await writeFile(file, whole.subarray(0, -1));
  await expect(storedFounding(home, identity, false)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION" });
});
