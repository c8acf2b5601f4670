import { Command } from "commander";
import { isNodeId } from "../../base/ids.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseWhole } from "../quantities.ts";
import { note, say } from "../terminal.ts";

interface Options {
  readonly ids: string;
  readonly names?: string;
  readonly days: string;
  readonly renew?: boolean;
}

/** `quorate certificates`: what members and clients show each other. */
export function certificatesCommand(): Command {
  return new Command("certificates")
    .summary("make certificates for members and clients")
    .description(
      "Makes an authority in a directory, unless one is there, and certificates that it signs: one for each member, which names it by its id, and one for clients.",
    )
    .argument("<directory>")
    .requiredOption("--ids <list>", "the members, n1,n2,…")
    .option("--names <list>", "host names and IP addresses under which clients reach them, a,b,…")
    .option("--days <count>", "how long they are valid", "365")
    .option("--renew", "replace the certificates that are there, but not the authority")
    .action(make);
}

async function make(directory: string, options: Options): Promise<void> {
  const { clientName, makeCertificates } = await import("./files.ts");
  const ids = options.ids.split(",").map((id) => id.trim());
  const names = (options.names ?? "").split(",").flatMap((name) => name.trim() || []);
  for (const id of ids) {
    if (!isNodeId(id)) throw new CommandFailure(exitCode.usage, `--ids: ${id} is no name of a node`);
    if (["ca", clientName].includes(id)) throw new CommandFailure(exitCode.usage, `--ids: ${id} is not for a member`);
    if (names.includes(id))
      throw new CommandFailure(exitCode.usage, `--names: ${id} is a member: others must not be it`);
  }
  const badName = names.find((name) => !/^[\x21-\x7e]{1,253}$/.test(name) || /[/@[\]*]/.test(name));
  if (badName !== undefined) throw new CommandFailure(exitCode.usage, `--names: ${badName} is no host name or address`);
  const days = parseWhole(options.days, "--days", 1, 3650) ?? 0;
  const written = makeCertificates(directory, { ids, names, days, renew: options.renew === true });
  for (const file of written) say(`${directory}/${file}`);
  if (written.length === 0) note(`${directory} has them all already; --renew makes them anew`);
  else if (written.includes("ca-key.pem")) note("keep ca-key.pem in a safe place: whoever has it can be any member");
}
