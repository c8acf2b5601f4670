import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import * as v from "@badrap/valita";
import { firstComplaint } from "../../services/complaint.ts";
import { CommandFailure, type ExitCode, exitCode, isSystemError } from "../exit.ts";
import type { ChildState } from "./child.ts";
import { delayMsMax, type Way } from "./faults.ts";

/** Longest line in either direction, in bytes, and most terminals at once. */
const lineBytesMax = 256 * 1024;
const connectionsMax = 16;
/** Longest wait for an answer: stopping a node takes up to 6 s. */
const answerMsMax = 30_000;

/** What may be done to one node. */
export type NodeCommand = "stop" | "kill" | "start" | "restart" | "pause" | "resume";

/** What may be done to a running cluster. */
export type Action =
  | { readonly command: NodeCommand; readonly node: string }
  | { readonly command: "cut"; readonly ways: readonly Way[] }
  | { readonly command: "delay"; readonly ways: readonly Way[]; readonly delayMs: number }
  /** Without `ways`: all faults. */
  | { readonly command: "heal"; readonly ways?: readonly Way[] | undefined };

/** What another terminal may ask. */
export type ControlRequest = { readonly command: "status" } | { readonly command: "down" } | Action;

const nodeCommands: readonly NodeCommand[] = ["stop", "kill", "start", "restart", "pause", "resume"];
const node = v.string().assert((id) => id.length <= 64, "is too long");
const ways = v.array(v.object({ from: node, to: node })).assert((list) => list.length <= 2, "must be at most 2");
const delayMs = v.number().assert((ms) => ms >= 0 && ms <= delayMsMax, `must be from 0 to ${delayMsMax}`);
const requestSchema: v.Type<ControlRequest> = v.union(
  v.object({ command: v.literal("status") }),
  v.object({ command: v.literal("down") }),
  v.object({ command: v.union(...nodeCommands.map((command) => v.literal(command))), node }),
  v.object({ command: v.literal("cut"), ways }),
  v.object({ command: v.literal("delay"), ways, delayMs }),
  v.object({ command: v.literal("heal"), ways: ways.optional() }),
);

/** One line of `cluster status`. */
export interface NodeRow {
  readonly id: string;
  readonly state: ChildState;
  readonly role?: string;
  readonly term?: number;
  readonly leader?: string;
  readonly commit?: number;
  readonly applied?: number;
  readonly pid?: number;
  readonly http: number;
  readonly peer: number;
}

/** What `cluster status` shows. */
export interface ClusterStatus {
  readonly nodes: readonly NodeRow[];
  readonly faults: readonly string[];
}

/** What was done, in words for a person; or why not. */
export type ControlAnswer =
  | { readonly ok: true; readonly message: string; readonly status?: ClusterStatus }
  | { readonly ok: false; readonly message: string; readonly exit: ExitCode };

/**
 * The socket on which the cluster of `directory` is controlled: one name for one directory, reachable only by its user.
 *
 * It lies in the temporary directory: a socket's path has a limit of about 100 bytes, and a project's may be longer.
 */
export function controlPath(directory: string): string {
  const home = join(tmpdir(), `quorate-${userInfo().uid}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const owner = lstatSync(home);
  if (!owner.isDirectory() || owner.uid !== userInfo().uid) {
    throw new CommandFailure(exitCode.usage, `${home} belongs to somebody else: set TMPDIR to a directory of your own`);
  }
  chmodSync(home, 0o700);
  const name = createHash("sha256")
    .update(realpathSync(resolve(directory)))
    .digest("hex")
    .slice(0, 16);
  return join(home, `${name}.sock`);
}

/** Answers requests on `path` until closed. A socket that a killed supervisor left is replaced; a living one is not. */
export async function serveControl(
  path: string,
  answer: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<Server> {
  if (await isAnswered(path)) throw new CommandFailure(exitCode.failed, `another supervisor answers on ${path}`);
  rmSync(path, { force: true });
  const server = createServer((socket) => serveTerminal(socket, answer));
  server.maxConnections = connectionsMax;
  server.on("connection", (socket) => socket.unref()); // an idle terminal keeps nothing alive
  await new Promise<void>((done, fail) => server.once("error", fail).listen(path, done));
  return server;
}

/** Whether a supervisor lives behind the socket; a file alone is no sign of one. */
export async function isAnswered(path: string): Promise<boolean> {
  const socket = await dial(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Asks the supervisor; undefined when there is none. The answer to `down` comes when it is gone. */
export async function askControl(path: string, request: ControlRequest): Promise<ControlAnswer | undefined> {
  const socket = await dial(path);
  if (socket === undefined) return undefined;
  socket.setTimeout(answerMsMax, () =>
    socket.destroy(new Error(`the supervisor gave no answer within ${answerMsMax} ms`)),
  );
  socket.write(`${JSON.stringify(request)}\n`);
  let answer: ControlAnswer | undefined;
  for await (const line of linesOf(socket)) {
    answer = JSON.parse(line) as ControlAnswer;
    if (request.command !== "down") break;
  }
  socket.destroy();
  return answer ?? { ok: false, message: "the supervisor ended without an answer", exit: exitCode.failed };
}

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((done, fail) => {
    const socket = connect(path);
    socket.once("connect", () => done(socket));
    socket.once("error", (error) => {
      const absent = isSystemError(error) && ["ENOENT", "ECONNREFUSED"].includes(error.code ?? "");
      if (absent) done(undefined);
      else fail(error);
    });
  });
}

async function serveTerminal(
  socket: Socket,
  answer: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<void> {
  try {
    for await (const line of linesOf(socket)) socket.write(`${JSON.stringify(await answerLine(line, answer))}\n`);
  } catch (error) {
    socket.destroy(error as Error); // the terminal went away, or sent what is no line
  }
}

async function answerLine(
  line: string,
  answer: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  try {
    const request = requestSchema.try(JSON.parse(line), { mode: "strip" });
    if (request.ok) return await answer(request.value);
    const { place, problem } = firstComplaint(request, "the request");
    return { ok: false, message: `not understood: ${place} ${problem}`, exit: exitCode.usage };
  } catch (error) {
    const exit = error instanceof CommandFailure ? error.exit : exitCode.failed;
    return { ok: false, message: (error as Error).message, exit };
  }
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  socket.setEncoding("utf8");
  let rest = "";
  for await (const chunk of socket) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineBytesMax) throw new Error(`a line is longer than ${lineBytesMax} bytes`);
    yield* lines;
  }
}
