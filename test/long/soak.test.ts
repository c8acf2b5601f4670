import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { newRandom, nextBelow, type Random } from "../../src/base/random.ts";
import { Program, quorate, runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { eventually, freePorts, ServedCluster } from "../support/served-cluster.ts";
import { createStack } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

const soakMs = Number(process.env.SOAK_MS ?? 60_000);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const ids = ["n1", "n2", "n3"];

test(`a minute of kills, pauses, cuts and delays leaves every acknowledged push once on all nodes (SEED=${seed})`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "quorate-soak-"));
  const [base] = await freePorts(2 * ids.length);
  const up = new Program(quorate, ["cluster", "up", "--dir", directory, "--port-base", String(base), "--json"]);
  try {
    await up.says('"kind":"ready"');
    const urls = (await statusOf(directory)).map(({ http }) => `http://127.0.0.1:${http}`);
    await createStack(urls[0] as string, "1");
    const load = new Pushers(urls, "1");
    const done = await disturb(directory, newRandom(seed), soakMs);
    await load.stop();
    await eventually("all nodes up", async () => {
      const states = (await statusOf(directory)).map(({ state }) => state);
      return states.every((state) => state === "up") ? true : undefined;
    });
    await command(directory, "down");
    expect((await up.ended).code).toBe(0);

    console.log(load.report(`${done.length} faults: ${done.join("; ")}`));
    await using cluster = await ServedCluster.start(ids.length, [], (id) => join(directory, id));
    await expectEachOnceEverywhere(cluster, load);
  } finally {
    await command(directory, "down");
    up.process.kill("SIGKILL");
    await up.ended;
    rmSync(directory, { recursive: true });
  }
});

/** One fault after the other until the time is over, each ended before the next; a majority is left alive in most. */
async function disturb(directory: string, random: Random, ms: number): Promise<readonly string[]> {
  const deadline = performance.now() + ms;
  const done: string[] = [];
  while (performance.now() < deadline) {
    const [one, other] = shuffled(ids, random) as [string, string];
    const faults: readonly (readonly [string[], string[]])[] = [
      [
        ["kill", one],
        ["start", one],
      ],
      [
        ["pause", one],
        ["resume", one],
      ],
      [["cut", one, other], ["heal"]],
      [["cut", `${one}:${other}`], ["heal"]],
      [["delay", one, other, "200ms"], ["heal"]],
      [
        ["stop", one],
        ["start", one],
      ],
      [["restart", one], ["heal"]],
    ];
    const [begin, end] = faults[nextBelow(random, faults.length)] as (typeof faults)[number];
    await command(directory, ...begin);
    if (nextBelow(random, 4) === 0) await command(directory, "restart", other); // two at once
    await sleep(200 + nextBelow(random, 1500));
    await command(directory, ...end);
    await sleep(nextBelow(random, 500));
    done.push(begin.join(" "));
  }
  return done;
}

function shuffled(items: readonly string[], random: Random): readonly string[] {
  const first = nextBelow(random, items.length);
  const step = 1 + nextBelow(random, items.length - 1);
  return [items[first] as string, items[(first + step) % items.length] as string];
}

async function command(directory: string, ...words: readonly string[]): Promise<void> {
  const { code, stderr } = await runQuorate(["cluster", ...words, "--dir", directory]);
  if (code !== 0) throw new Error(`cluster ${words.join(" ")} ended with ${code}: ${stderr}`);
}

async function statusOf(directory: string): Promise<readonly { state: string; http: number }[]> {
  const { stdout } = await runQuorate(["cluster", "status", "--json", "--dir", directory]);
  return (JSON.parse(stdout) as { nodes: { state: string; http: number }[] }).nodes;
}
