import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** One command of a story: `name key=value key="two words" flag`, and the lines between it and `----`, none blank. */
export interface Command {
  readonly command: string;
  /** A flag's value is empty. */
  readonly args: ReadonlyMap<string, string>;
  readonly input: string;
}

/** Carries out one command; what it returns is the answer, without blank lines (they end an answer). */
export type Handler = (command: Command) => string | Promise<string>;

/**
 * Replays each story of a directory (`*.txt`) as a test, with a handler of its own.
 *
 * `UPDATE=1` writes the answers instead of comparing them: read the diff, and commit it only if you can explain it.
 */
export function replayDirectory(directory: URL, makeHandler: () => Handler): void {
  const files = readdirSync(directory).filter((name) => name.endsWith(".txt"));
  if (files.length === 0) throw new Error(`no stories (*.txt) in ${fileURLToPath(directory)}`);
  for (const file of files) {
    const path = fileURLToPath(new URL(file, directory));
    test(file, () => replayFile(path, makeHandler(), process.env.UPDATE === "1"));
  }
}

/** Replays one story; fails with a diff when an answer changed, or writes the new ones if `update`. */
export async function replayFile(path: string, handler: Handler, update: boolean): Promise<void> {
  const told = readFileSync(path, "utf8");
  const answered = await replay(told, handler, basename(path));
  if (!update) expect(answered, `${basename(path)}: if the change is meant, run npm run stories`).toBe(told);
  else if (answered !== told) writeFileSync(path, answered);
}

/** The story with the handler's answers in the place of those it had. */
async function replay(story: string, handler: Handler, name: string): Promise<string> {
  const lines = story.replace(/\n+$/, "").split("\n");
  const result: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    result.push(line);
    if (line === "" || line.startsWith("#")) continue;
    const where = `${name}:${at + 1}`;
    const border = lines.indexOf("----", at);
    const input = lines.slice(at + 1, border);
    if (border < 0 || input.includes("")) throw new Error(`${where}: no ---- after this command`);
    const answer = await ask(handler, { ...parse(line, where), input: input.join("\n") }, where);
    result.push(...input, "----", ...(answer === "" ? [] : answer.split("\n")));
    at = border;
    while (at + 1 < lines.length && lines[at + 1] !== "") at++;
  }
  return `${result.join("\n")}\n`;
}

async function ask(handler: Handler, command: Command, where: string): Promise<string> {
  try {
    const answer = (await handler(command)).trimEnd();
    if (/^$/m.test(answer) && answer !== "") throw new Error("an answer cannot hold a blank line");
    return answer;
  } catch (cause) {
    throw new Error(`${where}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function parse(line: string, where: string): Omit<Command, "input"> {
  const args = new Map<string, string>();
  const [command = "", rest = ""] = line.split(/ (.*)/s);
  for (const [, key = "", quoted, plain = ""] of rest.matchAll(/([^\s=]+)(?:=(?:"([^"]*)"|(\S*)))?/g)) {
    if (args.has(key)) throw new Error(`${where}: ${key} is given twice`);
    args.set(key, quoted ?? plain);
  }
  return { command, args };
}
