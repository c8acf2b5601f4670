import { Command } from "commander";
import { type CallOptions, call, clientCommand } from "../client/call.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { say } from "../terminal.ts";

interface Page {
  readonly entries: readonly { readonly index: number; readonly entry: string }[];
  readonly next: number | null;
}

/** `quorate log`: a replicated list of text entries. */
export function logCommand(): Command {
  const reading = clientCommand("read", "read", "print entries, each after its index")
    .option("--from <index>", "first index to print", "1")
    .option("--limit <count>", "most entries to print (default: all)");
  return new Command("log")
    .summary("a replicated log: submit, read")
    .description("Appends to the log of a cluster and reads it, through any of its nodes.")
    .addCommand(clientCommand("submit <entry>", "write", "append an entry, and print its index").action(submit))
    .addCommand(reading.action(read));
}

async function submit(entry: string, options: CallOptions): Promise<void> {
  const answer = await call<{ index: number }>({ method: "POST", path: "/request", body: { entry } }, options);
  say(options.json ? JSON.stringify(answer) : String(answer.index));
}

async function read(options: CallOptions & { from: string; limit?: string }): Promise<void> {
  let from: number | null = whole(options.from, "--from");
  let left = options.limit === undefined ? Number.POSITIVE_INFINITY : whole(options.limit, "--limit");
  while (from !== null && left > 0) {
    const path: string = `/log?index=${from}&limit=${Math.min(left, 1000)}`;
    const page: Page = await call<Page>({ method: "GET", path }, options);
    for (const { index, entry } of page.entries)
      say(options.json ? JSON.stringify({ index, entry }) : `${index}\t${entry}`);
    left -= page.entries.length;
    from = page.next;
  }
}

function whole(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandFailure(exitCode.usage, `${name} must be a whole number, not ${text}`);
}
