import { type Logger, pino } from "pino";

/** Where a node says what it does: stderr, for people on a terminal, as JSON lines otherwise. */
export type Log = Logger;

const stderr = 2;

/** Opens the log. It writes synchronously: the last words of a process that dies are the ones that matter. */
export async function openLog(id: string, level: string): Promise<Log> {
  const options = { level, base: { node: id } };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: stderr, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  const colorize = !process.env.NO_COLOR;
  return pino(options, pretty({ destination: stderr, sync: true, colorize, singleLine: true, ignore: "node" }));
}
