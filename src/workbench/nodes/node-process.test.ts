import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isRunning } from "../../../test/support/processes.ts";
import { type NodeExit, NodeProcess } from "./node-process.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-node-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a node has ended when its process has, though a child of its group has its pipes", async () => {
  const { lines, ended } = run("sleep 60 & echo $!; exit 3");

  const exit = await ended;

  expect(exit).toMatchObject({ how: "ended by itself: exit code 3", asked: false });
  await expect.poll(() => isRunning(Number(lines[0]))).toBe(false); // a signal takes a moment to end it
});

test("a node has ended when its process has, though one that left its group has its pipes", async () => {
  const { lines, ended } = run("setsid sleep 60 & echo $!; sleep 0.2; exit 3");

  const exit = await ended;

  expect(exit.how).toBe("ended by itself: exit code 3");
  process.kill(Number(lines[0])); // out of our reach, as daemons are
});

test("a node that is killed is gone, though one that left its group has its pipes; twice is no more than once", async () => {
  const { node, lines, line, ended } = run("setsid sleep 60 & sleep 0.2; echo $!; wait");
  await line;

  await Promise.all([node.kill(), new Promise((resolve) => setTimeout(resolve, 100)).then(() => node.kill())]);

  expect(await ended).toMatchObject({ how: "ended by itself: SIGKILL", asked: true });
  process.kill(Number(lines[0]));
});

test("a log that cannot be written is left out, and that is said", async () => {
  const { node, ended } = run("echo one >&2; sleep 0.3; echo two >&2", "/dev/full");

  expect((await ended).stderr).toMatch(/^one\n.*log.*ENOSPC.*\ntwo$/);
  await node.kill();
});

/** A node that runs a script of the shell. */
function run(script: string, log = join(folder, "node.log")) {
  const lines: string[] = [];
  let told: () => void;
  let exited: (exit: NodeExit) => void;
  const line = new Promise<void>((resolve) => {
    told = resolve;
  });
  const ended = new Promise<NodeExit>((resolve) => {
    exited = resolve;
  });
  const node = new NodeProcess("n0", ["sh", "-c", script], log, {
    line: (_, text) => {
      lines.push(text);
      told();
    },
    endlessLine: () => {},
    logged: () => {},
    exited: (_, exit) => exited(exit),
  });
  return { node, lines, line, ended };
}
