import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFailure } from "../exit.ts";
import { askControl, type ControlRequest, controlPath, isAnswered, serveControl } from "./control.ts";

let home: string;
let path: string;
let server: Server | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-control-"));
  path = join(home, "s.sock");
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(home, { recursive: true });
});

async function rawLine(line: string): Promise<string> {
  const socket = connect(path);
  const answer = new Promise<string>((resolve) => {
    socket.on("data", (data) => resolve(String(data)));
    socket.on("error", () => resolve("closed"));
    socket.on("close", () => resolve("closed"));
  });
  socket.write(line);
  try {
    return await answer;
  } finally {
    socket.destroy();
  }
}

test("a request is carried over and answered, a failure with its exit code", async () => {
  const seen: ControlRequest[] = [];
  server = await serveControl(path, async (request) => {
    seen.push(request);
    if (request.command === "kill") throw new CommandFailure(64, "no such node");
    return { ok: true, message: "done" };
  });

  const done = await askControl(path, { command: "delay", ways: [{ from: "n1", to: "n2" }], delayMs: 5 });
  const failed = await askControl(path, { command: "kill", node: "n9" });

  expect(done).toEqual({ ok: true, message: "done" });
  expect(failed).toEqual({ ok: false, message: "no such node", exit: 64 });
  expect(seen[0]).toEqual({ command: "delay", ways: [{ from: "n1", to: "n2" }], delayMs: 5 });
});

test("what is no request is refused, and never reaches the cluster", async () => {
  let calls = 0;
  server = await serveControl(path, async () => ({ ok: true, message: String(calls++) }));

  for (const line of [
    "hello",
    "{}",
    '{"command":"format"}',
    '{"command":"kill"}',
    '{"command":"delay","ways":[],"delayMs":-1}',
  ]) {
    expect(await rawLine(`${line}\n`)).toContain('"ok":false');
  }
  expect(await rawLine("x".repeat(300_000))).toBe("closed");
  expect(calls).toBe(0);
});

test("nobody answers where no supervisor lives, and a killed one's socket is taken over", async () => {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
  const dead = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(dead.stdout, "data");
  dead.kill("SIGKILL");
  await once(dead, "exit");

  const left = existsSync(path);
  const answered = await isAnswered(path);
  const answer = await askControl(path, { command: "status" });
  server = await serveControl(path, async () => ({ ok: true, message: "new" }));

  expect([left, answered, answer]).toEqual([true, false, undefined]);
  expect(await askControl(path, { command: "status" })).toEqual({ ok: true, message: "new" });
});

test("a living supervisor is not replaced", async () => {
  server = await serveControl(path, async () => ({ ok: true, message: "first" }));

  await expect(serveControl(path, async () => ({ ok: true, message: "second" }))).rejects.toThrow("another supervisor");
});

test("the socket of a directory has one short name, of its own user alone", () => {
  expect(controlPath(home)).toBe(controlPath(join(home, ".")));
  expect(controlPath(home)).not.toBe(controlPath(tmpdir()));
  expect(controlPath(home).length).toBeLessThan(100);
});
