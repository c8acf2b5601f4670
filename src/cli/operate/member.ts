import { Command } from "commander";
import { isNodeId } from "../../base/ids.ts";
import type { Ask } from "../client/client.ts";
import { type EndpointOptions, withEndpoints } from "../client/endpoint-options.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import { note, say, table } from "../terminal.ts";

interface Options extends EndpointOptions {
  readonly timeout: string;
  readonly json?: boolean;
  /** Of `add`: leave it a learner. */
  readonly learner?: boolean;
}

interface Members {
  readonly leader: string | null;
  readonly members: readonly { readonly id: string; readonly address: string; readonly role: string }[];
}

const timeoutMsMax = 600_000;

/** `quorate member`: who takes part. */
export function memberCommand(): Command {
  return new Command("member")
    .summary("who takes part: list, add, remove, promote, update")
    .description("Shows and changes the members of a cluster; finds the leader among the endpoints by itself.")
    .addCommand(asking("list", "print the members, as the first endpoint that answers knows them").action(list))
    .addCommand(
      asking("add <id> <host:port>", "add a node that was started with --join; it votes once it has caught up")
        .option("--learner", "leave it a learner: it receives everything and decides nothing")
        .action(add),
    )
    .addCommand(asking("promote <id>", "make a learner a voter, once it has caught up").action(promote))
    .addCommand(asking("remove <id>", "take a member out; its process ends").action(remove))
    .addCommand(
      asking("update <id> <host:port>", "tell the others where a member is reached from now on").action(update),
    );
}

/** `quorate transfer`: who leads. */
export function transferCommand(): Command {
  return asking("transfer [id]", "hand over leadership, to a member or to whoever is most up to date")
    .summary("hand over leadership")
    .action(transfer);
}

function asking(usage: string, description: string): Command {
  const [name = "", ...given] = usage.split(" ");
  const command = withEndpoints(new Command(name).description(description))
    .option("--timeout <duration>", "for all tries together", "60s")
    .option("--json", "answer as JSON");
  for (const argument of given) command.argument(argument.replace("host:port", "address"));
  return command;
}

async function list(options: Options): Promise<void> {
  show(await ask<Members>({ method: "GET", path: "/members" }, options), options);
}

async function add(id: string, address: string, options: Options): Promise<void> {
  await checkAddress(address);
  const learner = await ask<Members>({ method: "POST", path: "/members", body: { id: checkId(id), address } }, options);
  const isVoter = learner.members.some((member) => member.id === id && member.role === "voter");
  if (options.learner || isVoter) return show(learner, options);
  note(`${id} is a learner now, and is made a voter once it has caught up`);
  try {
    await promote(id, options);
  } catch (error) {
    if (error instanceof CommandFailure) throw halfAdded(id, address, error);
    throw error;
  }
}

/** It takes part, though nobody made it a voter: that is neither done nor nothing. */
function halfAdded(id: string, address: string, cause: CommandFailure): CommandFailure {
  const message = `${id} was added as a learner, and was not seen to become a voter: ${cause.message}
  see whether it runs and is reached at ${address}, then: quorate member promote ${id}
  or take it out again: quorate member remove ${id}`;
  return new CommandFailure(cause.exit === exitCode.unavailable ? exitCode.failed : cause.exit, message, { cause });
}

async function promote(id: string, options: Options): Promise<void> {
  show(await ask<Members>({ method: "POST", path: `/members/${checkId(id)}/promote` }, options), options);
}

async function remove(id: string, options: Options): Promise<void> {
  const { members } = await ask<Members>({ method: "GET", path: "/members" }, options);
  if (members.length > 0 && !members.some((member) => member.id === checkId(id))) {
    const present = members.map((member) => member.id).toSorted();
    throw new CommandFailure(
      exitCode.failed,
      `${id} is no member, and nothing was changed; members are ${present.join(", ")}`,
    );
  }
  show(await ask<Members>({ method: "DELETE", path: `/members/${checkId(id)}` }, options), options);
}

async function update(id: string, address: string, options: Options): Promise<void> {
  await checkAddress(address);
  show(await ask<Members>({ method: "PUT", path: `/members/${checkId(id)}`, body: { address } }, options), options);
}

async function transfer(id: string | undefined, options: Options): Promise<void> {
  const body = id === undefined ? {} : { id: checkId(id) };
  const { leader } = await ask<{ readonly leader: string | null }>({ method: "POST", path: "/leader", body }, options);
  say(options.json ? JSON.stringify({ leader }) : `${leader ?? id ?? "another member"} leads`);
}

function show({ leader, members }: Members, { json }: Options): void {
  if (json) return say(JSON.stringify({ leader, members }));
  const rows = members.map(({ id, address, role }) => [id, address, role, id === leader ? "leader" : ""]);
  say(table(["MEMBER", "ADDRESS", "ROLE", ""], rows));
}

/** Asks one endpoint after the other until the leader has done it: the others say that they are not it. */
async function ask<Body>(request: Ask, options: Options): Promise<Body> {
  const [client, { findServers }] = await Promise.all([
    import("../client/client.ts"),
    import("../client/endpoints.ts"),
  ]);
  const timeoutMs = parseDuration(options.timeout, "--timeout", timeoutMsMax);
  const answer = await client.ask(request, { ...findServers(options, process.env), timeoutMs, isRepeatable: true });
  if (answer.status < 400) return JSON.parse(answer.text) as Body;
  const { message, code } = client.readError(answer.text);
  const exit = answer.status === 400 ? exitCode.usage : exitCode.failed;
  throw new CommandFailure(exit, `${message || `answered ${answer.status}`}${code === undefined ? "" : ` (${code})`}`);
}

function checkId(id: string): string {
  if (isNodeId(id)) return id;
  throw new CommandFailure(exitCode.usage, `${id} is no name of a node`);
}

async function checkAddress(address: string): Promise<void> {
  const { splitAddress } = await import("../settings.ts");
  if (splitAddress(address) !== undefined) return;
  throw new CommandFailure(exitCode.usage, `${address} is not host:port`);
}
