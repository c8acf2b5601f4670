import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Broadcaster } from "../support/broadcaster.ts";
import { runQuorate } from "../support/processes.ts";
import { eventually, freePorts } from "../support/served-cluster.ts";

let home: string;
let ports: readonly [number, number, number];
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "quorate-broadcast-"));
  ports = (await freePorts(3)) as [number, number, number];
});
afterEach(() => rmSync(home, { recursive: true }));

function start(port: number, ...more: readonly string[]): Broadcaster {
  return new Broadcaster(home, port, ["--listen", String(port), "--seeds", ports.join(), ...more]);
}

test("members started from classic files agree on one order, also of piped lines, and leave gracefully", async () => {
  const config = (port: number): string => {
    const file = join(home, `${port}.yml`);
    const text = `listen:\n  port: ${port}\ncluster:\n  broadcast:\n    ports: [${ports.join(", ")}]\n`;
    writeFileSync(file, `${text}keepAliveFreq: "1000ms"\n`);
    return file;
  };
  const [one, two, three] = ports.map((port) => new Broadcaster(home, port, ["--config", config(port)])) as [
    Broadcaster,
    Broadcaster,
    Broadcaster,
  ];
  await using _one = one;
  await using _two = two;
  await using _three = three;
  await Promise.all(
    [one, two, three].map((each) => each.says(`${ports.map((port) => `127.0.0.1:${port}`).join(", ")}\n`, 2)),
  );

  const lines = Array.from({ length: 2000 }, (_, at) => `line ${at}`);
  three.process.stdin?.write(lines.map((line) => `${line}\n`).join(""));
  for (let at = 0; at < 50; at++) {
    one.line(`one ${at}`);
    two.line(`two ${at} – ü`);
  }
  const codes = [await three.end()];
  await Promise.all([one, two].map((each) => each.hasLogged(2100)));
  codes.push(await two.end("SIGTERM"), await one.end("SIGINT"));

  expect(codes).toEqual([0, 0, 0]);
  expect(two.logged).toEqual(one.logged);
  expect(one.logged.slice(0, three.logged.length)).toEqual(three.logged);
  expect(three.values.filter((value) => value.startsWith("line"))).toEqual(lines);
  expect(one.values.filter((value) => value.startsWith("two"))).toContain("two 49 – ü");
  expect(one.stdout.split("\n").slice(0, -1)).toEqual(one.logged.map(({ sender, value }) => `${sender}: ${value}`));
  expect(Object.keys(one.logged[0] ?? {})).toEqual(["timestamp", "sender", "value"]);
});

test("a member killed is voted out and can come back; one that was paused comes back by itself", async () => {
  await using one = start(ports[0]);
  await using two = start(ports[1]);
  await using third = start(ports[2]);
  const all = ports.map((port) => `127.0.0.1:${port}`).join(", ");
  await one.says(all, 2);
  one.line("all");
  await third.hasLogged(1);

  await third.end("SIGKILL");
  one.line("two of three");
  await two.hasLogged(2);
  await using again = start(ports[2]);
  await one.says(all, 3);
  again.line("three again");
  await Promise.all([one, two].map((each) => each.hasLogged(3)));

  two.process.kill("SIGSTOP");
  one.line("while it slept");
  await again.hasLogged(3); // "all" was logged there by its former life
  await eventually("the others to go on", async () => one.values.includes("while it slept") || undefined);
  two.process.kill("SIGCONT");
  await two.says("comes back as a newcomer");
  await two.says(all, 3);
  two.line("awake");
  await one.hasLogged(5);

  expect(one.values).toEqual(["all", "two of three", "three again", "while it slept", "awake"]);
  await two.hasLogged(4);
  expect(two.values).toEqual(["all", "two of three", "three again", "awake"]); // without a state, no history
});

test("a minority says that it is blocked, delivers nothing, and ends when it is told to, in time", async () => {
  await using one = start(ports[0]);
  await using two = start(ports[1]);
  await using three = start(ports[2]);
  await one.says(ports.map((port) => `127.0.0.1:${port}`).join(", "), 2);

  await Promise.all([two.end("SIGKILL"), three.end("SIGKILL")]);
  await one.says("no majority of the group is heard");
  one.line("nobody hears this");
  const from = performance.now();
  const code = await one.end("SIGTERM");

  expect(one.values).toEqual([]);
  expect(one.stderr).toContain("a line was not delivered here");
  expect(code).toBe(2);
  expect(performance.now() - from).toBeLessThan(8000);
});

test("who waits for a group can be interrupted; what is wrong is said in one line", async () => {
  await using alone = start(ports[0]);
  await alone.says("no group yet at");
  const code = await alone.end("SIGTERM");
  const taken = start(ports[1]);
  await taken.says("looking for the group");

  const second = await runQuorate(["broadcast", "--listen", String(ports[1]), "--seeds", ports.join()]);
  const wrong = await runQuorate(["broadcast", "--listen", "7001"]);
  await taken.end("SIGKILL");

  expect(code).toBe(0);
  expect(second.code).toBe(64);
  expect(second.stderr).toContain(`127.0.0.1:${ports[1]} is taken by another process`);
  expect(wrong).toMatchObject({ code: 64, stderr: expect.stringContaining("give either --seeds") });
});

test("long lines are sent as there is room for them, and none is lost", async () => {
  const lines = Array.from({ length: 250 }, (_, at) => `${at} ${"x".repeat(200_000)}`);
  await using alone = new Broadcaster(home, ports[0], ["--listen", String(ports[0]), "--seeds", String(ports[0])]);
  alone.process.stdout?.pause(); // until it has read what it can
  alone.process.stdin?.write(lines.map((line) => `${line}\n`).join(""));
  await alone.says("view 1");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  alone.process.stdout?.resume();
  const code = await alone.end();

  expect(alone.stderr).not.toContain("not delivered");
  expect(code).toBe(0);
  expect(alone.values).toEqual(lines);
});

test("when told to stop it does not wait for a reader of its output that has stalled, and logs all that it sent", async () => {
  await using alone = new Broadcaster(home, ports[0], ["--listen", String(ports[0]), "--seeds", String(ports[0])]);
  alone.process.stdout?.pause();
  for (let at = 0; at < 200; at++) alone.line(`${at} ${"x".repeat(20_000)}`);
  await alone.says("view 1");
  await alone.hasLogged(3);
  alone.process.kill("SIGTERM");
  await once(alone.process, "exit");

  expect(alone.process.exitCode).toBe(0);
  expect(alone.values.map((value) => value.split(" ")[0])).toEqual(alone.values.map((_, at) => String(at)));
  expect(alone.stderr).not.toContain("not delivered");
});
