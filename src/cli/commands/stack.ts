import { Command } from "commander";
import { type CallOptions, call, clientCommand } from "../client/call.ts";
import { say } from "../terminal.ts";

/** `quorate stack`: replicated stacks. */
export function stackCommand(): Command {
  return new Command("stack")
    .summary("replicated stacks: create, push, pop, top, size, list")
    .description("Uses the stacks of a cluster, through any of its nodes.")
    .addCommand(clientCommand("create [stack]", "write", "make a stack, and print its name").action(create))
    .addCommand(
      clientCommand("push <stack> <value>", "write", "put a value on top, and print the new size").action(push),
    )
    .addCommand(clientCommand("pop <stack>", "write", "take the top value off, and print it").action(pop))
    .addCommand(clientCommand("top <stack>", "read", "print the top value").action(top))
    .addCommand(clientCommand("size <stack>", "read", "print how many values are in it").action(size))
    .addCommand(clientCommand("list", "read", "print all stacks and their sizes").action(list))
    .addCommand(clientCommand("delete <stack>", "write", "remove a stack and all that is in it").action(remove));
}

function pathOf(stack: string, verb = ""): string {
  return `/v1/stacks/${encodeURIComponent(stack)}${verb}`;
}

async function create(stack: string | undefined, options: CallOptions): Promise<void> {
  const body = stack === undefined ? {} : { id: stack };
  const answer = await call<{ id: string }>({ method: "POST", path: "/v1/stacks", body }, options);
  say(options.json ? JSON.stringify(answer) : answer.id);
}

async function push(stack: string, value: string, options: CallOptions): Promise<void> {
  const answer = await call<{ size: number }>(
    { method: "POST", path: pathOf(stack, "/push"), body: { value } },
    options,
  );
  say(options.json ? JSON.stringify(answer) : String(answer.size));
}

async function pop(stack: string, options: CallOptions): Promise<void> {
  const answer = await call<{ value: string }>({ method: "POST", path: pathOf(stack, "/pop") }, options);
  say(options.json ? JSON.stringify(answer) : answer.value);
}

async function top(stack: string, options: CallOptions): Promise<void> {
  const answer = await call<{ value: string }>({ method: "GET", path: pathOf(stack, "/top") }, options);
  say(options.json ? JSON.stringify(answer) : answer.value);
}

async function size(stack: string, options: CallOptions): Promise<void> {
  const answer = await call<{ size: number }>({ method: "GET", path: pathOf(stack) }, options);
  say(options.json ? JSON.stringify(answer) : String(answer.size));
}

async function list(options: CallOptions): Promise<void> {
  let after: string | null = null;
  do {
    const path: string = `/v1/stacks?limit=1000${after === null ? "" : `&after=${encodeURIComponent(after)}`}`;
    const page = await call<{ stacks: { id: string; size: number }[]; next: string | null }>(
      { method: "GET", path },
      options,
    );
    for (const stack of page.stacks) say(options.json ? JSON.stringify(stack) : `${stack.id}\t${stack.size}`);
    after = page.next;
  } while (after !== null);
}

async function remove(stack: string, options: CallOptions): Promise<void> {
  await call({ method: "DELETE", path: pathOf(stack) }, options);
  if (options.json) say(JSON.stringify({ deleted: stack }));
}
