import * as v from "@badrap/valita";
import { saying } from "../../services/complaint.ts";
import { parseDuration } from "../quantities.ts";
import type { Setting } from "../serve-options.ts";
import {
  complaint,
  demandTogether,
  flag,
  type Given,
  type PeerTlsSettings,
  refuseOpen,
  SettingError,
  splitAddress,
  text,
  whole,
} from "../settings.ts";

/** The options of `broadcast`, in the order of the help. */
export const broadcastSettings: readonly Setting[] = [
  { name: "listen", value: "host:port", description: "where this member listens; a port alone is one on 127.0.0.1" },
  { name: "address", value: "host:port", description: "where the others reach it (default: where it listens)" },
  { name: "seeds", value: "list", description: "where to look for the group, host:port,…, the same list everywhere" },
  {
    name: "seeds-name",
    value: "host:port",
    description: "a host name instead, looked up again and again (needs founders)",
  },
  {
    name: "founders",
    value: "number",
    description: "so many seeds found the group: more than half of all there can be (default: most of --seeds)",
  },
  { name: "name", value: "name", description: "groups of another name are kept apart (default: broadcast)" },
  {
    name: "delivery",
    value: "mode",
    description: "uniform, or agreed: sooner, and for survivors only (default: uniform)",
  },
  { name: "data-dir", value: "path", description: "where founding is remembered over restarts (default: nowhere)" },
  { name: "new-group", description: "the group is gone for good: found another" },
  { name: "keep-alive-ms", value: "ms", description: "silence until a member says that it is there (default: 100)" },
  {
    name: "suspect-ms",
    value: "ms",
    description: "silence until a member is voted out (default: 500, or five times keep-alive-ms)",
  },
  { name: "log-file", value: "path", description: "where deliveries are appended as JSON lines (default: <port>.log)" },
  { name: "stay", description: "stay in the group when the input ends" },
  { name: "json", description: "print deliveries as JSON lines, too" },
  {
    name: "peer-cert",
    value: "file",
    description: "encrypt the links between members: a certificate for this one's host, PEM; on all, or none",
  },
  { name: "peer-key", value: "file", description: "its key, PEM" },
  { name: "peer-ca", value: "file", description: "who signs members' certificates, PEM" },
  { name: "insecure", description: "listen on addresses that are not loopback, though nobody is asked who they are" },
];

/** Checked settings of one member: what `broadcast` runs with. */
export interface BroadcastSettings extends PeerTlsSettings {
  readonly listen: string;
  readonly address?: string | undefined;
  readonly seeds?: readonly string[] | undefined;
  readonly "seeds-name"?: string | undefined;
  readonly founders?: number | undefined;
  readonly name: string;
  readonly delivery: "uniform" | "agreed";
  readonly "data-dir"?: string | undefined;
  readonly "new-group": boolean;
  readonly "keep-alive-ms"?: number | undefined;
  readonly "suspect-ms"?: number | undefined;
  readonly "log-file": string;
  readonly stay: boolean;
  readonly json: boolean;
  readonly insecure: boolean;
}

const place = saying(
  "must be host:port, or a port of 127.0.0.1",
  v
    .union(v.number(), text)
    .map(addressOf)
    .assert((address) => splitAddress(address) !== undefined),
);
const places = saying("must be host:port,host:port,…", v.union(v.number(), text, v.array(v.union(v.number(), text))))
  .map((given) => (typeof given === "string" ? given.split(",") : [given].flat()).map((one) => addressOf(one)))
  .assert((list) => list.every((address) => splitAddress(address) !== undefined), "must be host:port,host:port,…")
  .assert((list) => new Set(list).size === list.length, "names an address twice");

const schema = v.object({
  listen: place,
  address: place.optional(),
  seeds: places.optional(),
  "seeds-name": place.optional(),
  founders: whole(1, 16).optional(),
  name: text.optional(() => "broadcast"),
  delivery: v.union(v.literal("uniform"), v.literal("agreed")).optional(() => "uniform" as const),
  "data-dir": text.optional(),
  "new-group": flag.optional(() => false),
  "keep-alive-ms": whole(1, 60_000).optional(),
  "suspect-ms": whole(1, 3_600_000).optional(),
  "log-file": text.optional(),
  stay: flag.optional(() => false),
  json: flag.optional(() => false),
  "peer-cert": text.optional(),
  "peer-key": text.optional(),
  "peer-ca": text.optional(),
  insecure: flag.optional(() => false),
});

/** Checks what was given for each setting and fills in what was not. Throws `SettingError`. */
export function checkBroadcastSettings(given: ReadonlyMap<string, Given>): BroadcastSettings {
  const checked = schema.try(Object.fromEntries([...given].map(([name, { value }]) => [name, value])), {
    mode: "strip",
  });
  if (!checked.ok) throw complaint(checked, given);
  const { listen, seeds, "seeds-name": seedsName, insecure } = checked.value;
  if ((seeds === undefined) === (seedsName === undefined)) {
    throw new SettingError("give either --seeds, a list, or --seeds-name, one host name: where to look for the group");
  }
  const { host, port } = splitAddress(listen) ?? { host: "", port: 0 };
  demandTogether(given, ["peer-cert", "peer-key", "peer-ca"]);
  if (!insecure && !given.has("peer-ca")) refuseOpen(host, given.get("listen")?.origin, "--peer-ca");
  return { ...checked.value, "log-file": checked.value["log-file"] ?? `${port}.log` };
}

/** A port alone is one of this machine's. */
function addressOf(given: string | number): string {
  const address = String(given).trim();
  return /^\d+$/.test(address) ? `127.0.0.1:${address}` : address;
}

/**
 * Turns the classic form of the file, if it is one, into ours: `listen: {port}`, `cluster: {broadcast: {ports}}` and
 * `keepAliveFreq: "1000ms"`. Its ports are all of this machine's, and its own may be missing in the list.
 */
export function translateClassic(content: object): object {
  const { cluster, keepAliveFreq, listen, ...rest } = content as Record<string, unknown>;
  const ports = fieldOf(fieldOf(cluster, "broadcast"), "ports");
  const port = fieldOf(listen, "port");
  if (ports === undefined && port === undefined && keepAliveFreq === undefined) return content;
  const host = fieldOf(listen, "host");
  const own = port === undefined ? listen : host === undefined ? port : `${String(host)}:${String(port)}`;
  return {
    ...rest,
    ...(own !== undefined && { listen: own }),
    ...(ports !== undefined && { seeds: seedsOf(ports, port) }),
    ...(keepAliveFreq !== undefined && {
      "keep-alive-ms": parseDuration(String(keepAliveFreq), "keepAliveFreq", 60_000),
    }),
  };
}

function seedsOf(ports: unknown, own: unknown): unknown {
  if (!Array.isArray(ports)) return ports;
  const all = [...ports, ...(own === undefined ? [] : [own])].map((port) => Number(port));
  return [...new Set(all)].sort((left, right) => left - right);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
