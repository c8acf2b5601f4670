import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours text for one stream, or leaves it alone where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

/** Only for a terminal, and never under `NO_COLOR` (any value but the empty one) or on a dumb terminal. */
export function coloursWanted(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** Colours text for `stream` where colours are wanted. */
export function painter(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  return coloursWanted(stream, env)
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text;
}

/** Columns padded to their widest cell, two spaces between, one line a row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    head
      .map((_, column) => (row[column] ?? "").padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

/** One piece of the answer, on stdout. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Everything that is not the answer, on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whole number with thousands separated, the same in every locale. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The program itself: what a child process runs. */
export const program: string = fileURLToPath(new URL("../../bin/quorate.js", import.meta.url));

/** How a person calls this program from here. */
export function programName(): string {
  return relative(process.cwd(), program) === "bin/quorate.js" ? "node bin/quorate.js" : "npx quorate";
}
