import { Command } from "commander";
import type { BackupInfo } from "../../runtime/backups/backup-file.ts";
import { type EndpointOptions, withEndpoints } from "../client/endpoint-options.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import { formatCount, say, table } from "../terminal.ts";

const timeoutMsMax = 24 * 3_600_000;

interface SaveOptions extends EndpointOptions {
  readonly timeout: string;
  readonly json?: boolean;
}

interface RestoreOptions {
  readonly dataDir: string;
  readonly id: string;
  readonly cluster: string;
  readonly clusterId?: string;
  readonly storage: string;
  readonly protocol: string;
  readonly json?: boolean;
}

/** `quorate snapshot`: backups. */
export function snapshotCommand(): Command {
  const saving = "store all that the cluster holds, as of now, in a file; asks any node, while it serves";
  const save = withEndpoints(new Command("save").description(saving).argument("<file>"))
    .option("--timeout <duration>", "for all tries together", "60m")
    .option("--json", "answer as JSON")
    .action(store);
  const verify = new Command("verify")
    .description("check a file, and say what is in it; asks no node")
    .argument("<file>")
    .option("--json", "answer as JSON")
    .action(check);
  const restore = new Command("restore")
    .description("make the data directory of one member of a new cluster; run it for each member, on the same file")
    .argument("<file>")
    .requiredOption("--data-dir <path>", "the directory to make; it must not hold anything")
    .requiredOption("--id <name>", "the member, one of --cluster")
    .requiredOption("--cluster <members>", "all members of the new cluster, n1=host:port,n2=host:port,…")
    .option("--cluster-id <name>", "the new cluster's (default: made of the file and the members)")
    .option("--storage <name>", "in what the member keeps its data, wal or lmdb", "wal")
    .option("--protocol <name>", "what keeps the order in the new cluster, raft or multi-paxos", "raft")
    .option("--json", "answer as JSON")
    .action(unpack);
  return new Command("snapshot")
    .summary("backups: save, verify, restore")
    .description("Stores all that a cluster holds in a file, and makes a new cluster of such a file.")
    .addCommand(save)
    .addCommand(verify)
    .addCommand(restore);
}

async function store(file: string, options: SaveOptions): Promise<void> {
  const [{ downloadBackup }, { findServers }] = await Promise.all([
    import("./download.ts"),
    import("../client/endpoints.ts"),
  ]);
  const signal = AbortSignal.timeout(parseDuration(options.timeout, "--timeout", timeoutMsMax));
  const info = await downloadBackup(findServers(options, process.env), file, signal);
  say(options.json ? JSON.stringify({ file, ...info }) : `${file}\n${describe(info)}`);
}

async function check(file: string, options: { readonly json?: boolean }): Promise<void> {
  const { inspectBackup } = await import("./inspect.ts");
  const { info, objects } = await inspectBackup(file);
  const held = Object.entries(objects).map(([name, count]) => [name, formatCount(count)]);
  say(options.json ? JSON.stringify({ file, ...info, objects }) : `${describe(info)}\n${table(["HOLDS", ""], held)}`);
}

async function unpack(file: string, options: RestoreOptions): Promise<void> {
  const [{ restoreBackup }, { parseLogProtocol, parseMembers, parseStorageKind }] = await Promise.all([
    import("../../runtime/backups/restore.ts"),
    import("../settings.ts"),
  ]);
  const { dataDir, id, clusterId } = options;
  const members = parseMembers(options.cluster, "--cluster");
  if (!members.some((member) => member.id === id)) {
    throw new CommandFailure(exitCode.usage, `--id: ${id} is no member in --cluster`);
  }
  const storage = parseStorageKind(options.storage, "--storage");
  const protocol = parseLogProtocol(options.protocol, "--protocol");
  const named = Object.fromEntries(members.map((member) => [member.id, member.address]));
  const given = clusterId === undefined ? {} : { clusterId };
  const restored = await restoreBackup({ file, dataDir, id, members: named, storage, protocol, ...given });
  if (options.json) return say(JSON.stringify({ dataDir, id, ...restored }));
  const start = `quorate serve --id ${id} --cluster ${options.cluster} --cluster-id ${restored.newClusterId} --data-dir ${dataDir}`;
  say(`${dataDir} is ${id} of the new cluster ${restored.newClusterId}, with all up to index ${restored.index}
Restore every other member from the same file, then start each of them:
  ${start}`);
}

function describe({ clusterId, nodeId, index, term, bytes, checksum, savedAt }: BackupInfo): string {
  return table(
    ["CLUSTER", "FROM", "INDEX", "TERM", "BYTES", "CRC-32", "SAVED"],
    [
      [
        clusterId,
        nodeId,
        String(index),
        String(term),
        formatCount(bytes),
        checksum.toString(16).padStart(8, "0"),
        savedAt.toISOString(),
      ],
    ],
  );
}
