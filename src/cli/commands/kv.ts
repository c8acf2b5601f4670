import { Command } from "commander";
import { type CallOptions, call, clientCommand } from "../client/call.ts";
import { say } from "../terminal.ts";

interface Found {
  readonly key: string;
  readonly value: string;
  readonly version: number;
}

/** `quorate kv`: a replicated map. */
export function kvCommand(): Command {
  const condition = "--if-version <version>";
  return new Command("kv")
    .summary("a replicated map: get, put, del, list")
    .description("Uses the key-value map of a cluster, through any of its nodes.")
    .addCommand(clientCommand("get <key>", "read", "print the value").action(get))
    .addCommand(
      clientCommand("put <key> <value>", "write", "store a value, and print its version")
        .option(condition, "only if the key has this version; 0: only if it is not stored")
        .action(put),
    )
    .addCommand(
      clientCommand("del <key>", "write", "remove a key")
        .option(condition, "only if the key has this version")
        .action(del),
    )
    .addCommand(clientCommand("list [prefix]", "read", "print keys in order, each with its version").action(list));
}

function pathOf(key: string): string {
  return `/v1/kv/${encodeURIComponent(key)}`;
}

function conditionOf({ ifVersion }: { readonly ifVersion?: string }): Record<string, string> {
  if (ifVersion === undefined) return {};
  return ifVersion === "0" ? { "if-none-match": "*" } : { "if-match": `"${ifVersion}"` };
}

async function get(key: string, options: CallOptions): Promise<void> {
  const answer = await call<Found>({ method: "GET", path: pathOf(key) }, options);
  say(options.json ? JSON.stringify(answer) : answer.value);
}

async function put(key: string, value: string, options: CallOptions & { ifVersion?: string }): Promise<void> {
  const request = { method: "PUT", path: pathOf(key), body: { value }, headers: conditionOf(options) } as const;
  const answer = await call<Found>(request, options);
  say(options.json ? JSON.stringify(answer) : String(answer.version));
}

async function del(key: string, options: CallOptions & { ifVersion?: string }): Promise<void> {
  await call({ method: "DELETE", path: pathOf(key), headers: conditionOf(options) }, options);
  if (options.json) say(JSON.stringify({ deleted: key }));
}

async function list(prefix: string | undefined, options: CallOptions): Promise<void> {
  let after: string | null = null;
  do {
    const from: string = after === null ? "" : `&after=${encodeURIComponent(after)}`;
    const path = `/v1/kv?limit=1000&prefix=${encodeURIComponent(prefix ?? "")}${from}`;
    const page = await call<{ keys: { key: string; version: number }[]; next: string | null }>(
      { method: "GET", path },
      options,
    );
    for (const { key, version } of page.keys)
      say(options.json ? JSON.stringify({ key, version }) : `${key}\t${version}`);
    after = page.next;
  } while (after !== null);
}
