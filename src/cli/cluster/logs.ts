import { copyFileSync, existsSync, statSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { coloursWanted, say } from "../terminal.ts";
import { logFile } from "./cluster-file.ts";

/** A log beyond this many bytes is moved to `<name>.1`, replacing that: twice this and a little is the most on disk. */
const logBytesMax = 16 * 1024 * 1024;
const pollMs = 200;
/** Most bytes read at a time, and most looked at for the last lines. */
const pieceBytesMax = 256 * 1024;

/** Moves the content of a log that grew too large aside; its writer appends, and goes on in the emptied file. */
export function trimLog(path: string): void {
  if (sizeNow(path) <= logBytesMax) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

/** The last `count` lines, and where the log ended then. */
async function lastLines(path: string, count: number): Promise<{ lines: string[]; offset: number }> {
  if (!existsSync(path)) return { lines: [], offset: 0 };
  const offset = sizeNow(path);
  const start = Math.max(0, offset - pieceBytesMax);
  const lines = (await readPiece(path, start, offset - start)).split("\n");
  if (start > 0) lines.shift();
  if (lines.at(-1) === "") lines.pop();
  return { lines: count === 0 ? [] : lines.slice(-count), offset };
}

/** Yields the lines that are added after `offset`, until the signal. */
async function* followLog(path: string, offset: number, signal: AbortSignal): AsyncGenerator<string> {
  let position = offset;
  let rest = "";
  while (!signal.aborted) {
    const size = sizeNow(path);
    if (size < position) position = 0; // it was moved aside
    if (size === position) {
      await sleep(pollMs, undefined, { signal }).catch(ignoreAbort);
      continue;
    }
    const bytes = Math.min(size - position, pieceBytesMax);
    const lines = (rest + (await readPiece(path, position, bytes))).split("\n");
    position += bytes;
    rest = (lines.pop() ?? "").slice(-pieceBytesMax);
    yield* lines;
  }
}

/** Prints the last lines of these nodes' logs, and those that come until the signal (none: returns at once). */
export async function showLogs(
  directory: string,
  ids: readonly string[],
  count: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const print = await logPrinter(coloursWanted(process.stdout, process.env));
  await Promise.all(
    ids.map(async (id) => {
      const { lines, offset } = await lastLines(logFile(directory, id), count);
      for (const line of lines) say(print(id, line));
      if (signal === undefined) return;
      for await (const line of followLog(logFile(directory, id), offset, signal)) say(print(id, line));
    }),
  );
}

/** One line of a node's log as a person reads it: JSON lines of pino are laid out, all else is left as it is. */
async function logPrinter(colours: boolean): Promise<(id: string, line: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({
    colorize: colours,
    ignore: "pid,hostname",
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  const tints = ["cyan", "yellow", "magenta", "green", "blue"] as const;
  return (id, line) => {
    const tint = tints[(Number(id.slice(1)) - 1) % tints.length] ?? "cyan";
    const prefix = colours ? styleText(tint, `${id} |`, { validateStream: false }) : `${id} |`;
    return `${prefix} ${line.startsWith("{") ? pretty(line).trimEnd() : line}`;
  };
}

async function readPiece(path: string, offset: number, bytes: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function sizeNow(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
