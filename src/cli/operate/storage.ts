import { once } from "node:events";
import { Command } from "commander";
import type { StoredHead, StoredTotals } from "../../runtime/storages/inspect.ts";
import type { StoredItem } from "../../runtime/storages/items.ts";
import { parseWhole } from "../quantities.ts";
import { formatCount, note, say, table } from "../terminal.ts";

interface InspectOptions {
  readonly from?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

interface ConvertOptions {
  readonly to: string;
  readonly json?: boolean;
}

/** Most of a payload that a line shows, in bytes. */
const payloadBytesShown = 60;

/** `quorate storage`: data directories, offline. */
export function storageCommand(): Command {
  const inspect = new Command("inspect")
    .description("print what a node's directory holds: whose it is, its snapshots, and each entry of its log")
    .argument("<dir>", "the data directory; no node may be using it")
    .option("--from <index>", "first index to print")
    .option("--limit <count>", "most entries to print")
    .option("--json", "one JSON object a line: first the directory, then each item")
    .action(print);
  const verify = new Command("verify")
    .description("read everything, and check every checksum")
    .argument("<dir>", "the data directory; no node may be using it")
    .option("--json", "answer as JSON")
    .action(check);
  const convert = new Command("convert")
    .description("keep a node's data in another storage; a crash on the way leaves them usable")
    .argument("<dir>", "the data directory; no node may be using it")
    .requiredOption("--to <storage>", "wal or lmdb")
    .option("--json", "answer as JSON")
    .action(exchange);
  return new Command("storage")
    .summary("data directories, offline: inspect, verify, convert")
    .description("Looks into the directory of a node that does not run, and changes how it keeps its data.")
    .addCommand(inspect)
    .addCommand(verify)
    .addCommand(convert);
}

async function print(dir: string, options: InspectOptions): Promise<void> {
  const { inspectStorage } = await import("../../runtime/storages/inspect.ts");
  const from = parseWhole(options.from, "--from", 0, Number.MAX_SAFE_INTEGER) ?? 0;
  let left = parseWhole(options.limit, "--limit", 0, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
  const totals = await inspectStorage(dir, {
    head: (head) => say(options.json ? JSON.stringify(head) : describe(head)),
    item: async (item) => {
      if (item.index !== undefined && item.index < from) return;
      if (item.index !== undefined && left-- <= 0) return;
      await sayAll(options.json ? JSON.stringify(jsonOf(item)) : lineOf(item));
    },
  });
  warn(totals);
}

async function check(dir: string, options: { readonly json?: boolean }): Promise<void> {
  const { verifyStorage } = await import("../../runtime/storages/inspect.ts");
  const found = await verifyStorage(dir);
  if (options.json) return say(JSON.stringify(found));
  const { records, items, snapshots } = found;
  const counts = `${formatCount(records)} records with ${formatCount(items)} items, and ${snapshots.length} snapshots`;
  say(`${describe(found)}\n${dir} is sound: ${counts}; every checksum fits`);
  warn(found);
}

async function exchange(dir: string, options: ConvertOptions): Promise<void> {
  const [{ convertStorage }, { parseStorageKind }] = await Promise.all([
    import("../../runtime/storages/convert.ts"),
    import("../settings.ts"),
  ]);
  const to = parseStorageKind(options.to, "--to");
  const converted = await convertStorage({ dataDir: dir, to });
  if (options.json) return say(JSON.stringify(converted));
  const { nodeId, from, records, snapshots, notices } = converted;
  if (from === to) return say(`${dir} keeps the data of ${nodeId} in ${to} already; nothing was changed`);
  const counts = `${formatCount(records)} records and ${snapshots.length} snapshots`;
  say(`${dir} keeps the data of ${nodeId} in ${to} now: ${counts}, read back and compared`);
  warn({ notices });
}

function describe({ nodeId, clusterId, storage, protocol, snapshots, partial }: StoredHead): string {
  const node = table(["NODE", "CLUSTER", "STORAGE", "PROTOCOL"], [[nodeId, clusterId, storage, protocol]]);
  const rows = snapshots.map(({ index, term, bytes, checksum }) => {
    return [String(index), String(term), formatCount(bytes), checksum.toString(16).padStart(8, "0"), ""];
  });
  if (partial !== undefined) {
    const { index, term, bytes, checksum } = partial.snapshot;
    const row = [String(index), String(term), formatCount(bytes), checksum.toString(16).padStart(8, "0")];
    rows.push([...row, `${formatCount(partial.received)} bytes received`]);
  }
  return rows.length === 0 ? node : `${node}\n${table(["SNAPSHOT", "TERM", "BYTES", "CRC-32", ""], rows)}`;
}

function lineOf({ kind, index, facts, payload }: StoredItem): string {
  const said = Object.entries(facts).filter(([, value]) => !isNothing(value));
  const words = said.map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  const content = payload === undefined ? [] : [`${payload.length} bytes`, preview(payload)];
  return [String(index ?? "").padStart(8), kind.padEnd(7), ...words, ...content].join("  ").trimEnd();
}

function isNothing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** The printable part of what an application gave, dots for the rest. */
function preview(payload: Uint8Array): string {
  const text = Buffer.from(payload.subarray(0, payloadBytesShown))
    .toString("latin1")
    .replace(/[^ -~]/g, ".");
  return payload.length > payloadBytesShown ? `${text}…` : text;
}

function jsonOf({ payload, facts, ...item }: StoredItem): unknown {
  return { ...item, ...facts, ...(payload && { payload: Buffer.from(payload).toString("base64") }) };
}

function warn({ notices }: Pick<StoredTotals, "notices">): void {
  for (const notice of notices) note(`at the next start: ${notice}`);
}

/** A piece of a long answer: waits for a reader that is slow. */
async function sayAll(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain");
}
