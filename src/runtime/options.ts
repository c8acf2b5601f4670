import { crc32 } from "node:zlib";
import { isNodeId, type NodeId } from "../base/ids.ts";
import type { Member } from "../protocols/replicated-log.ts";
import type { StorageKind } from "./directory.ts";
import { OptionError } from "./errors.ts";
import { isLogProtocol, type LogProtocolName, votersMaxOf } from "./protocols/kinds.ts";
import type { MemberTls } from "./tls/credentials.ts";
import { type TransportKind, transportKinds } from "./transport-kinds.ts";
import { type Address, parseAddress } from "./transports/addresses.ts";
import type { Notice } from "./transports/notices.ts";
import type { Transport } from "./transports/transport.ts";

/** What a user writes: everything optional that has a sensible default. */
export interface NodeOptions {
  /** This member's name, for the whole life of its data. */
  readonly id: NodeId;
  /** All members of a new cluster, and where they are reached: `host:port`. Default: this one, listening nowhere. */
  readonly members?: Readonly<Record<NodeId, string>>;
  /**
   * A new node that a member of a running cluster adds; `members` then says where this one and some others are. Needs
   * `clusterId`. Means nothing once there are data.
   */
  readonly join?: boolean;
  /**
   * What keeps the order: `raft` or `multi-paxos`, which store it (docs/choosing.md); or `total-order`, for a
   * machine, without a leader or a log: the state lives in the members' memory, and is gone when a majority of them is
   * (docs/broadcast.md). The same on all members. Default: what `dataDir` holds already, or `raft`.
   */
  readonly protocol?: LogProtocolName | "total-order";
  /** Only for `total-order`: the state is gone for good, begin another one. */
  readonly newGroup?: boolean;
  /**
   * Where log, votes and snapshots live. Left out only with `storage: "memory"`, or for `total-order`, which keeps
   * there what it must remember over a restart so that no second group is founded.
   */
  readonly dataDir?: string;
  /**
   * `wal`: a log in files. `lmdb`: a database of the package `lmdb`, which must be installed. `memory` forgets all with
   * the process, votes too: for tests, never for a member that others count on. Default: what `dataDir` holds already,
   * or `wal`.
   */
  readonly storage?: StorageKind | "memory";
  /** Where to listen, if it is not the address that the others dial. */
  readonly listen?: string;
  /** Tells clusters apart that could reach each other. Default: the stored one, or made from `members`. */
  readonly clusterId?: string;
  /** Length of one tick, in ms, 1 to 1000. Default 20. */
  readonly tickMs?: number;
  /** Ticks without a leader before an election, drawn from once to twice this. Default 25: after 500 to 1000 ms. */
  readonly electionTicks?: number;
  /** Ticks between heartbeats; less than `electionTicks`. Default 5. */
  readonly heartbeatTicks?: number;
  /** Longest wait of a request for its answer, in ms, unless it says otherwise. Default 5000. */
  readonly timeoutMs?: number;
  /** Largest command or payload, in bytes, up to 8 MiB. Default 1 MiB. */
  readonly requestBytesMax?: number;
  /** A machine is snapshotted whenever this much of the log was applied since the last time. Default 32 MiB. */
  readonly snapshotEveryBytes?: number;
  /** Reads by lease (`{ consistency: "lease" }`), on condition that clocks run alike; the same on all members. */
  readonly leases?: boolean;
  /**
   * Only for `multi-paxos`: what this member is asked is stored before it is handed on, and is ordered even if the
   * member ends first. A write more, on the way of each request. Default: not.
   */
  readonly syncPending?: boolean;
  /** Newest version of the members' protocol to speak: held back while others still run the release before. */
  readonly protocolVersionMax?: 1 | 2;
  /**
   * Encrypts the members' links: PEM files of this member's certificate, of its key, and of the authorities that sign
   * certificates of members. Each must name its member by its id. Read anew when they change. On all members, or none.
   */
  readonly tls?: MemberTls;
  /**
   * Carries messages between members: `tcp` (default), `grpc` with messages as Protocol Buffers, `udp` (an experiment),
   * or one's own. The same on all members.
   */
  readonly transport?: Transport | TransportKind;
  /** Told what an operator should know. Default: nothing is said. */
  readonly notice?: Notice;
}

/** What the rest of the runtime sees: complete, checked, frozen. */
export interface NodeConfig
  extends Required<Omit<NodeOptions, "members" | "dataDir" | "storage" | "listen" | "tls" | "transport">> {
  readonly members: readonly Member[];
  /** Whether `clusterId` was asked for, and not made here: then it must be the stored one. */
  readonly isClusterIdGiven: boolean;
  /** `undefined`: in memory. */
  readonly dataDir: string | undefined;
  /** In what `dataDir` is to keep its data; `undefined`: in what it does. */
  readonly storage: StorageKind | undefined;
  /** `undefined`: a member alone needs no others to reach it. */
  readonly listen: Address | undefined;
  readonly tls: MemberTls | undefined;
  readonly transport: Transport | TransportKind;
}

const mebibyte = 2 ** 20;

/** Most members of a new cluster. */
const membersMax = 99;

/** The newest version of the members' protocol that this release speaks. */
export const protocolVersion = 2;

/** The only place options are checked: throws `OptionError`; nothing past this line checks them again. */
export function checkOptions(options: NodeOptions): NodeConfig {
  const { id, tickMs = 20, electionTicks = 25, heartbeatTicks = 5, timeoutMs = 5000 } = options;
  const { requestBytesMax = mebibyte, snapshotEveryBytes = 32 * mebibyte, notice = () => undefined } = options;
  check("id", isNodeId(id), "must be 1 to 64 letters, digits, '_', '.' or '-', and start with a letter or digit");
  const { storage, dataDir, protocol = "raft", newGroup = false } = options;
  const members = options.members === undefined ? [{ id, address: "" }] : checkMembers(id, options.members, protocol);
  const clusterId = options.clusterId ?? nameCluster(members);
  check("clusterId", clusterId.length >= 1 && clusterId.length <= 64, "must have 1 to 64 characters");
  checkWhole("tickMs", tickMs, 1, 1000);
  checkWhole("heartbeatTicks", heartbeatTicks, 1, 1000);
  checkWhole("electionTicks", electionTicks, heartbeatTicks + 1, 10_000);
  checkWhole("timeoutMs", timeoutMs, 1, 3_600_000);
  checkWhole("requestBytesMax", requestBytesMax, 1, 8 * mebibyte);
  checkWhole("snapshotEveryBytes", snapshotEveryBytes, 4096, 2 ** 40);
  const { join = false, leases = false, syncPending = false, protocolVersionMax = protocolVersion } = options;
  check("clusterId", !join || options.clusterId !== undefined, "is needed to join: the one that the members have");
  const isSpoken = protocolVersionMax === 1 || protocolVersionMax === 2;
  check("protocolVersionMax", isSpoken, `must be 1 or ${protocolVersion}`);
  const isLogged = isLogProtocol(protocol);
  check("protocol", isLogged || protocol === "total-order", 'must be "raft", "multi-paxos" or "total-order"');
  if (protocol === "multi-paxos") checkPaxos(options);
  check("syncPending", !syncPending || protocol === "multi-paxos", 'is for protocol "multi-paxos"');
  if (protocol === "total-order") checkLeaderless(options);
  check("newGroup", !newGroup || protocol === "total-order", 'is for protocol "total-order"');
  const isKnown = storage === undefined || ["wal", "lmdb", "memory"].includes(storage);
  check("storage", isKnown, 'must be "wal", "lmdb" or "memory"');
  check("storage", storage !== "lmdb" || isLogged, "is not for total-order, which stores no log");
  const isStored = storage !== "memory" && isLogged;
  check("dataDir", !isStored || dataDir !== undefined, 'is needed, unless storage is "memory"');
  check("dataDir", storage !== "memory" || dataDir === undefined, 'would stay empty: storage is "memory"');
  checkTransport(options.transport, protocol);
  const place = options.listen ?? options.members?.[id];
  const listen = place === undefined ? undefined : checkAddress("listen", place);
  const rest = { id, clusterId, tickMs, electionTicks, heartbeatTicks, timeoutMs, requestBytesMax, snapshotEveryBytes };
  const asked = { join, leases, syncPending, protocolVersionMax, protocol, newGroup };
  const isClusterIdGiven = options.clusterId !== undefined;
  return Object.freeze({
    ...rest,
    ...asked,
    notice,
    members,
    isClusterIdGiven,
    listen,
    dataDir,
    storage: storage === "memory" ? undefined : storage,
    tls: options.tls,
    transport: options.transport ?? "tcp",
  });
}

function checkTransport(transport: NodeOptions["transport"], protocol: string): void {
  if (typeof transport !== "string") return;
  check("transport", transportKinds.includes(transport), `must be one of ${transportKinds.join(", ")}`);
  const hasSchema = transport !== "grpc" || isLogProtocol(protocol);
  check("transport", hasSchema, `cannot be grpc with ${protocol}, whose messages have no schema`);
}

/** What Multi-Paxos does not do. */
function checkPaxos({ protocolVersionMax = protocolVersion }: NodeOptions): void {
  const isSpoken = protocolVersionMax === protocolVersion;
  check("protocolVersionMax", isSpoken, `must be ${protocolVersion} for multi-paxos: older releases do not know it`);
}

/** What needs a leader, or a log, is refused where there is none. */
function checkLeaderless({ join, leases, requestBytesMax = mebibyte, members }: NodeOptions): void {
  check("join", join !== true, "is not for total-order: its members are given at the start, and come and go");
  check("leases", leases !== true, "are a leader's, and total-order has none");
  check("requestBytesMax", requestBytesMax <= mebibyte, `must be at most ${mebibyte} for total-order`);
  check("members", Object.keys(members ?? {}).length <= 9, "must be at most 9 for total-order");
}

/** The members as given, checked; `id` is one of them. Throws `OptionError`. */
export function checkMembers(
  id: NodeId,
  addresses: Readonly<Record<NodeId, string>>,
  protocol: string,
): readonly Member[] {
  const members = Object.entries(addresses).map(([member, address]) => ({ id: member, address }));
  const votersMax = votersMaxOf(protocol);
  check("members", members.length <= membersMax, `must be at most ${membersMax}`);
  check("members", members.length <= votersMax, `must be at most ${votersMax} with ${protocol}`);
  for (const member of members) {
    check("members", isNodeId(member.id), `${JSON.stringify(member.id)} is no node id`);
    checkAddress(`members.${member.id}`, member.address);
  }
  check("members", Object.hasOwn(addresses, id), `must name this member, ${id}`);
  const places = new Set(members.map((member) => member.address));
  check("members", places.size === members.length, "must have different addresses");
  return members;
}

/** The same members make the same name on each of them. */
function nameCluster(members: readonly Member[]): string {
  const lines = members.map((member) => `${member.id}=${member.address}`).sort();
  return `quorate-${crc32(lines.join("\n")).toString(16).padStart(8, "0")}`;
}

/** An address, taken apart. Throws `OptionError` if `text` is none. */
export function checkAddress(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new OptionError(option, `${JSON.stringify(text)} is not host:port`);
  return address;
}

function checkWhole(option: string, value: number, least: number, most: number): void {
  check(
    option,
    Number.isInteger(value) && value >= least && value <= most,
    `must be a whole number from ${least} to ${most}`,
  );
}

function check(option: string, holds: boolean, problem: string): void {
  if (!holds) throw new OptionError(option, problem);
}
