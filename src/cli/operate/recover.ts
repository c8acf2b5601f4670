import { Command } from "commander";
import type { Survivor } from "../../runtime/backups/recover.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { note, say, table } from "../terminal.ts";

interface Options {
  readonly dataDir: string;
  readonly unsafe?: boolean;
  readonly id?: string;
  readonly address?: string;
  readonly confirm?: string;
  readonly clusterId?: string;
  readonly json?: boolean;
}

const warning = `WARNING: this is for when a majority of the members is lost for ever, and for nothing else.
  What the others had agreed on, and this member had not stored, is lost; what it had stored, and nobody had agreed
  on, is agreed on from now on. If enough members can still be brought back, do that instead.
  Of several survivors take the one whose last entry is newest: the higher term, then the higher index.
  All others, should they come back, stay outside: the new cluster has another id.`;

/** `quorate recover`: a new cluster of one survivor. */
export function recoverCommand(): Command {
  return new Command("recover")
    .summary("when a majority is lost for ever: go on with one survivor's data")
    .description(
      "Says what a member's data directory holds. With --unsafe makes that member the only one of a new cluster, to which others can be added.",
    )
    .requiredOption("--data-dir <path>", "the survivor's; no node may be using it")
    .option("--unsafe", "do it, though entries may be lost")
    .option("--id <name>", "the survivor's name")
    .option("--address <host:port>", "where members that are added later reach it")
    .option("--confirm <cluster-id>", "the id of the cluster that is given up, as a sign that this is meant")
    .option("--cluster-id <name>", "the new cluster's (default: made up)")
    .option("--json", "answer as JSON")
    .action(recover);
}

async function recover(options: Options): Promise<void> {
  const { inspectSurvivor, recoverAlone } = await import("../../runtime/backups/recover.ts");
  const { dataDir, unsafe, id, address, confirm, clusterId, json } = options;
  const survivor = await inspectSurvivor(dataDir);
  note(warning);
  if (!unsafe) {
    say(json ? JSON.stringify(survivor) : describe(survivor));
    return note(`Nothing was changed. To go on with this one:\n  ${commandFor(dataDir, survivor)}`);
  }
  if (id === undefined || address === undefined || confirm !== survivor.clusterId) {
    const given =
      confirm === undefined ? "is missing" : `is ${confirm}, and the directory belongs to ${survivor.clusterId}`;
    const missing =
      id === undefined ? "--id is missing" : address === undefined ? "--address is missing" : `--confirm ${given}`;
    throw new CommandFailure(exitCode.usage, `${missing}; nothing was changed:\n  ${commandFor(dataDir, survivor)}`);
  }
  const recovered = await recoverAlone({ dataDir, id, address, ...(clusterId === undefined ? {} : { clusterId }) });
  if (json) return say(JSON.stringify(recovered));
  const { newClusterId, copy, protocol } = recovered;
  const kind = protocol === "raft" ? "" : ` --protocol ${protocol}`;
  say(`${id} is the only member of the new cluster ${newClusterId}; the directory as it was lies in ${copy}
Start it, then add others, each with an empty directory:
  quorate serve --id ${id} --cluster ${id}=${address} --cluster-id ${newClusterId} --data-dir ${dataDir}
  quorate serve --id n9 --join --cluster n9=HOST:PORT --cluster-id ${newClusterId} --data-dir DIR${kind}
  quorate member add n9 HOST:PORT`);
}

function describe({ nodeId, clusterId, last, membership }: Survivor): string {
  const members = membership.members.map(({ id, address }) => `${id}=${address}`).join(",");
  const row = [nodeId, clusterId, String(last.index), String(last.term), members];
  return table(["MEMBER", "CLUSTER", "LAST INDEX", "IN TERM", "MEMBERS"], [row]);
}

function commandFor(dataDir: string, { nodeId, clusterId, membership }: Survivor): string {
  const address = membership.members.find(({ id }) => id === nodeId)?.address ?? "HOST:PORT";
  return `quorate recover --unsafe --data-dir ${dataDir} --id ${nodeId} --address ${address} --confirm ${clusterId}`;
}
