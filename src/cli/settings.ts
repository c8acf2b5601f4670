import * as v from "@badrap/valita";
import { isNodeId } from "../base/ids.ts";
import type { Member } from "../protocols/replicated-log.ts";
import type { StorageKind } from "../runtime/directory.ts";
import type { LogProtocolName } from "../runtime/protocols/kinds.ts";
import type { MemberTls } from "../runtime/tls/credentials.ts";
import type { TransportKind } from "../runtime/transport-kinds.ts";
import { firstComplaint, saying } from "../services/complaint.ts";
import { isLoopback } from "../services/http/guard.ts";
import { CommandFailure, exitCode } from "./exit.ts";
import { variableOf } from "./serve-options.ts";

/** In what a node keeps its data. */
export type StorageName = StorageKind | "memory";

/** Most members that one cluster may start with. */
const membersMax = 9;
/** Most further names of one node. */
const namesMax = 64;

const digits = v.string().assert((value) => /^\d+$/.test(value));
/** A whole number in these bounds, as a number or as text. */
export const whole = (least: number, most: number): v.Type<number> =>
  saying("must be a whole number", v.union(v.number(), digits.map(Number)).assert(Number.isInteger))
    .assert((value) => value >= least, `must be at least ${least}`)
    .assert((value) => value <= most, `must be at most ${most}`);
const word = v.union(v.literal("true"), v.literal("false"), v.literal("1"), v.literal("0"));
/** True or false, as text, too. */
export const flag: v.Type<boolean> = saying("must be true or false", v.union(v.boolean(), word)).map(
  (value) => value === true || value === "true" || value === "1",
);
/** Text that says something. */
export const text: v.Type<string> = v
  .string()
  .assert((value) => value !== "", "must not be empty")
  .assert((value) => value.length <= 4096, "is too long");
const nodeId = text.assert(
  isNodeId,
  "must be letters, digits, `_`, `.` or `-`, starting with a letter or digit, at most 64",
);
const hostAndPort = text.assert(isHostAndPort, "must be host:port, like 127.0.0.1:12379 or [::1]:12379");
const members = saying("must be n1=host:port,n2=host:port,…", v.union(v.string(), v.record(v.string())))
  .map((given) => (typeof given === "string" ? splitMembers(given) : Object.entries(given)))
  .assert((pairs) => pairs.every(([id, address]) => isNodeId(id) && isHostAndPort(address)), "must be n1=host:port,…")
  .assert((pairs) => new Set(pairs.map(([id]) => id)).size === pairs.length, "names a member twice")
  .assert((pairs) => new Set(pairs.map(([, address]) => address)).size === pairs.length, "names an address twice")
  .assert((pairs) => pairs.length <= membersMax, `has more than ${membersMax} members`)
  .map((pairs): readonly Member[] => pairs.map(([id, address]) => ({ id, address })));
const names = saying("must be a,b,…", v.union(v.string(), v.array(v.string())))
  .map((given): readonly string[] => (typeof given === "string" ? given.split(",") : given).map((name) => name.trim()))
  .assert((list) => list.every((name) => /^[^\s:/@[\]]{1,253}$/.test(name)), "must be host names, without a port")
  .assert((list) => list.length <= namesMax, `has more than ${namesMax} names`);
const storage: v.Type<StorageName> = saying(
  "must be wal, lmdb or memory",
  v.union(v.literal("wal"), v.literal("lmdb"), v.literal("memory")),
);

const logProtocols = [v.literal("raft"), v.literal("multi-paxos")] as const;

const schema = v.object({
  id: nodeId,
  cluster: members,
  "cluster-id": nodeId.optional(),
  protocol: v.union(...logProtocols, v.literal("total-order")).optional(),
  transport: v.union(v.literal("tcp"), v.literal("grpc"), v.literal("udp")).optional(() => "tcp" as const),
  "new-group": flag.optional(() => false),
  join: flag.optional(() => false),
  host: text.optional(() => "127.0.0.1"),
  port: whole(0, 65_535).optional(() => 12_380),
  listen: hostAndPort.optional(),
  "data-dir": text.optional(),
  storage: storage.optional(),
  insecure: flag.optional(() => false),
  "tls-cert": text.optional(),
  "tls-key": text.optional(),
  "tls-client-ca": text.optional(),
  "peer-cert": text.optional(),
  "peer-key": text.optional(),
  "peer-ca": text.optional(),
  names: names.optional(),
  "request-bytes-max": whole(1024, 8 * 1024 * 1024).optional(),
  "timeout-ms": whole(1, 3_600_000).optional(),
  "tick-ms": whole(1, 1000).optional(),
  "election-ticks": whole(2, 10_000).optional(),
  "heartbeat-ticks": whole(1, 1000).optional(),
  "snapshot-every-bytes": whole(4096, 2 ** 40).optional(),
  leases: flag.optional(() => false),
  "protocol-version-max": whole(1, 2).optional(),
  "log-level": v
    .union(...["fatal", "error", "warn", "info", "debug", "trace", "silent"].map((level) => v.literal(level)))
    .optional(() => "info"),
  verbose: flag.optional(() => false),
});

/** Reads members as `--cluster` takes them. */
export function parseMembers(list: string, origin: string): readonly Member[] {
  const checked = members.try(list);
  if (checked.ok) return checked.value;
  throw new CommandFailure(exitCode.usage, `${origin}: ${firstComplaint(checked, "members").problem}, not ${list}`);
}

/** Reads a storage as `--storage` takes it. */
export function parseStorage(name: string, origin: string): StorageName {
  const checked = storage.try(name);
  if (checked.ok) return checked.value;
  throw new CommandFailure(exitCode.usage, `${origin}: must be wal, lmdb or memory, not ${name}`);
}

/** Reads a protocol that stores a log. */
export function parseLogProtocol(name: string, origin: string): LogProtocolName {
  if (name === "raft" || name === "multi-paxos") return name;
  throw new CommandFailure(exitCode.usage, `${origin}: must be raft or multi-paxos, not ${name}`);
}

/** Reads a storage that lies in a data directory. */
export function parseStorageKind(name: string, origin: string): StorageKind {
  if (name === "wal" || name === "lmdb") return name;
  throw new CommandFailure(exitCode.usage, `${origin}: must be wal or lmdb, not ${name}`);
}

/** The files of links between members, as `serve` and `broadcast` take them. */
export interface PeerTlsSettings {
  readonly "peer-cert"?: string | undefined;
  readonly "peer-key"?: string | undefined;
  readonly "peer-ca"?: string | undefined;
}

/** The same as the library takes them; undefined where links are not encrypted. */
export function peerTlsOf({
  "peer-cert": cert,
  "peer-key": key,
  "peer-ca": ca,
}: PeerTlsSettings): MemberTls | undefined {
  return cert === undefined || key === undefined || ca === undefined ? undefined : { cert, key, ca };
}

/** Checked settings of one node: what `serve` runs with. */
export interface ServeSettings extends PeerTlsSettings {
  readonly id: string;
  readonly cluster: readonly Member[];
  readonly "cluster-id"?: string | undefined;
  /** Default: what the data directory holds, or `raft`. */
  readonly protocol?: LogProtocolName | "total-order" | undefined;
  readonly transport: TransportKind;
  readonly "new-group": boolean;
  readonly join: boolean;
  readonly host: string;
  readonly port: number;
  readonly listen?: string | undefined;
  readonly "data-dir": string;
  readonly storage?: StorageName | undefined;
  readonly insecure: boolean;
  readonly "tls-cert"?: string | undefined;
  readonly "tls-key"?: string | undefined;
  readonly "tls-client-ca"?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly "request-bytes-max"?: number | undefined;
  readonly "timeout-ms"?: number | undefined;
  readonly "tick-ms"?: number | undefined;
  readonly "election-ticks"?: number | undefined;
  readonly "heartbeat-ticks"?: number | undefined;
  readonly "snapshot-every-bytes"?: number | undefined;
  readonly leases: boolean;
  readonly "protocol-version-max"?: number | undefined;
  readonly "log-level": string;
  readonly verbose: boolean;
}

/** A value as it was given, and where: `--port`, `QUORATE_PORT`, or `port in quorate.yaml`. */
export interface Given {
  readonly value: unknown;
  readonly origin: string;
}

/** A setting that cannot be used as given; one line, naming where it came from. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

/** Checks what was given for each setting and fills in what was not. Throws `SettingError`. */
export function checkServeSettings(given: ReadonlyMap<string, Given>): ServeSettings {
  const checked = schema.try(Object.fromEntries([...given].map(([name, { value }]) => [name, value])), {
    mode: "strip",
  });
  if (!checked.ok) throw complaint(checked, given);
  const { id, cluster, host, listen, insecure, "data-dir": dataDir = `.quorate/${id}` } = checked.value;
  const own = cluster.find((member) => member.id === id);
  if (own === undefined) {
    throw new SettingError(`${given.get("id")?.origin}: ${id} is no member in ${given.get("cluster")?.origin}`);
  }
  if (checked.value.join && checked.value["cluster-id"] === undefined) {
    throw new SettingError(`${given.get("join")?.origin}: give --cluster-id, too: the one that the members have`);
  }
  if (checked.value.storage !== undefined && checked.value.protocol === "total-order") {
    throw new SettingError(`${given.get("storage")?.origin}: is not for total-order, whose state is in memory always`);
  }
  if (checked.value.transport === "grpc" && checked.value.protocol === "total-order") {
    const origin = given.get("transport")?.origin;
    throw new SettingError(`${origin}: grpc is not for total-order, whose messages have no schema`);
  }
  demandTogether(given, ["tls-cert", "tls-key"], ["tls-client-ca"]);
  demandTogether(given, ["peer-cert", "peer-key", "peer-ca"]);
  if (!insecure && !given.has("tls-client-ca")) refuseOpen(host, given.get("host")?.origin, "--tls-client-ca");
  if (!insecure && !given.has("peer-ca")) {
    const place = listen === undefined ? "cluster" : "listen";
    refuseOpen(splitAddress(listen ?? own.address)?.host, given.get(place)?.origin, "--peer-ca");
  }
  return { ...checked.value, "data-dir": dataDir };
}

/** Settings that mean nothing without each other; `besides` needs them, and they do not need it. */
export function demandTogether(
  given: ReadonlyMap<string, Given>,
  names: readonly string[],
  besides: readonly string[] = [],
): void {
  const present = [...names, ...besides].find((name) => given.has(name));
  const missing = names.find((name) => !given.has(name));
  if (present === undefined || missing === undefined) return;
  throw new SettingError(`${given.get(present)?.origin}: give --${missing}, too`);
}

/** An address that others can reach is listened on only when they must show who they are, or it is meant so. */
export function refuseOpen(host: string | undefined, origin: string | undefined, option: string): void {
  if (host === undefined || isLoopback(host)) return;
  const reason = "others can reach it, and nobody is asked who they are";
  const cure = `demand certificates (${option}), or say --insecure to listen there all the same`;
  throw new SettingError(`${origin}: ${host} is not loopback: ${reason}; ${cure}`);
}

/** What is wrong with what was given, and where that came from. */
export function complaint(failure: v.Err, given: ReadonlyMap<string, Given>): SettingError {
  const { place: name, problem } = firstComplaint(failure, "settings");
  const found = given.get(name);
  return found === undefined
    ? new SettingError(`${name} is missing: give --${name}, ${variableOf(name)}, or ${name} in a file (--config)`)
    : new SettingError(`${found.origin}: ${problem}, not ${JSON.stringify(found.value)}`);
}

/** Takes `host:port` or `[v6]:port` apart; undefined for anything else. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function isHostAndPort(address: string): boolean {
  return splitAddress(address) !== undefined;
}

function splitMembers(list: string): [string, string][] {
  return list.split(",").map((pair) => {
    const [id = "", ...address] = pair.trim().split("=");
    return [id, address.join("=")];
  });
}
