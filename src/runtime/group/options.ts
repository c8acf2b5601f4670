import { networkInterfaces } from "node:os";
import type { NodeId } from "../../base/ids.ts";
import type { TotalOrderOptions } from "../../protocols/total-order/index.ts";
import { OptionError } from "../errors.ts";
import { checkAddress } from "../options.ts";
import type { MemberTls } from "../tls/credentials.ts";
import { type Address, isShortAddress, type Resolve, shortAddressBytesMax } from "../transports/addresses.ts";
import type { Notice } from "../transports/notices.ts";
import type { Transport } from "../transports/transport.ts";
import { type Encoding, encodings } from "./encodings.ts";
import type { SeedSource } from "./member/seeds.ts";

/** What every member of a group is told, whatever its values are. */
export interface MemberOptions {
  /** Groups of another name are kept apart: 1 to 64 characters. */
  readonly name: string;
  /** Where this member listens, `host:port`; all addresses of the machine as `0.0.0.0:port` or `[::]:port`. */
  readonly listen: string;
  /**
   * Where the others reach it, which is also its name in the group. Default: `listen`; if that is all addresses, the
   * first of the machine's own that others can reach.
   */
  readonly address?: string;
  /**
   * Where to look for the group: addresses of members, the same list everywhere, or one host name with a port, which is
   * looked up again and again. Those among them found the group, by majority, if there is none.
   */
  readonly seeds: readonly string[] | string;
  /**
   * How many seeds must found the group together: more than half of all that ever could. The same everywhere. Needed
   * for a host name; default for a list: its majority.
   */
  readonly founders?: number;
  /**
   * `uniform` (default): a message is delivered once a majority holds it, so that not even members that crash saw
   * another order. `agreed`: before that, which saves part of a round trip under load. The same on all members.
   */
  readonly delivery?: "uniform" | "agreed";
  /**
   * Where a founder keeps what it promised, so that no restart founds a second group. Nothing else is stored. Default:
   * in memory; then a majority of the seeds must not restart while some of the group live on without them.
   */
  readonly dataDir?: string;
  /** The group is gone for good, with its state: forget what was promised to it, and found another. */
  readonly newGroup?: boolean;
  /** Length of one tick, in ms, 1 to 1000: other times are counted in it. Default 20. */
  readonly tickMs?: number;
  /** Silence after which a member says that it is there, in ms. Default 100. */
  readonly keepAliveMs?: number;
  /** Silence after which a member is voted out, in ms; at least four keep-alives. Default 500, or five keep-alives. */
  readonly suspectMs?: number;
  /** Longest wait of a multicast for its delivery, in ms, unless it says otherwise. Default 5000. */
  readonly timeoutMs?: number;
  /** Largest value, in bytes. Default and most: 256 KiB. */
  readonly valueBytesMax?: number;
  /** Deliveries that wait to be taken in, at the most; beyond it the whole group waits. Default 10,000. */
  readonly unconsumedMax?: number;
  /** Gives up joining; later, leaves the group. */
  readonly signal?: AbortSignal;
  /** Told what an operator should know. Default: nothing is said. */
  readonly notice?: Notice;
  /**
   * Encrypts the members' links: PEM files of this member's certificate, of its key, and of the authorities that sign
   * certificates of members. Each must be for the host in its member's address. Read anew when they change.
   */
  readonly tls?: MemberTls;
  /** Carries messages between members. Default: TCP. */
  readonly transport?: Transport;
  /** Looks up host names. Default: the system's resolver. */
  readonly resolve?: Resolve;
}

/** What the rest of the group's code sees: complete, checked, frozen. */
export interface MemberConfig {
  readonly node: NodeId;
  /** What the handshake compares: members that would not understand each other do not meet. */
  readonly clusterId: string;
  readonly listen: Address | undefined;
  readonly seeds: SeedSource;
  /** Where a member is reached, by its name; `undefined`: only on the way that it made itself. */
  readonly addressOf: (node: NodeId) => string | undefined;
  readonly dataDir: string | undefined;
  readonly newGroup: boolean;
  readonly tickMs: number;
  /** Silence after which a member is voted out. */
  readonly suspectMs: number;
  readonly timeoutMs: number;
  readonly valueBytesMax: number;
  /** What the core is told besides who it is. */
  readonly core: Omit<TotalOrderOptions, "node" | "incarnation" | "seeds" | "seed"> & {
    readonly unconsumedMax: number;
  };
  readonly signal: AbortSignal | undefined;
  readonly notice: Notice;
  readonly tls: MemberTls | undefined;
  readonly transport: Transport | undefined;
  readonly resolve: Resolve | undefined;
}

/** Longest wait for a graceful end, in ms: `left` comes by then, whatever the others do. */
export const leaveMs = 4000;

const seedsMax = 32;
const valueBytesLimit = 256 * 1024;

/** The only place where options are checked: throws `OptionError`. */
export function checkMemberOptions(
  options: MemberOptions,
  kind: { encoding: Encoding; stateless: boolean },
): MemberConfig {
  const { name, delivery = "uniform", newGroup = false, dataDir, signal, notice = () => undefined } = options;
  const {
    timeoutMs = 5000,
    valueBytesMax = valueBytesLimit,
    unconsumedMax = 10_000,
    tls,
    transport,
    resolve,
    tickMs = 20,
  } = options;
  check(
    "name",
    typeof name === "string" && /^[^\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= 64,
    "must be 1 to 64 bytes, none a control",
  );
  check("encoding", encodings.includes(kind.encoding), `must be one of ${encodings.join(", ")}`);
  check("delivery", delivery === "uniform" || delivery === "agreed", 'must be "uniform" or "agreed"');
  checkWhole("tickMs", tickMs, 1, 1000);
  checkWhole("timeoutMs", timeoutMs, 1, 2 ** 31);
  checkWhole("valueBytesMax", valueBytesMax, 1, valueBytesLimit);
  checkWhole("unconsumedMax", unconsumedMax, 1, 1_000_000);
  const listen = checkAddress("listen", options.listen);
  const node = options.address ?? reachable(options.listen, listen);
  checkName("address", node);
  const times = checkTimes(options, tickMs);
  return Object.freeze({
    node,
    clusterId: [name, kind.encoding, delivery, ...(kind.stateless ? ["stateless"] : [])].join(":"),
    listen,
    seeds: checkSeeds(options),
    addressOf: (other: NodeId) => other,
    suspectMs: times.suspectTicks * tickMs,
    ...{ dataDir, newGroup, tickMs, timeoutMs, valueBytesMax, signal, notice, tls, transport, resolve },
    core: {
      ...{ delivery, stateless: kind.stateless, unconsumedMax, payloadBytesMax: valueBytesMax },
      ...times,
      leaveTicks: Math.ceil(leaveMs / tickMs),
    },
  });
}

function checkTimes(
  options: MemberOptions,
  tickMs: number,
): Required<Pick<TotalOrderOptions, "keepAliveTicks" | "suspectTicks">> {
  const { keepAliveMs = 100, suspectMs = Math.max(500, 5 * keepAliveMs) } = options;
  checkWhole("keepAliveMs", keepAliveMs, 1, 60_000);
  checkWhole("suspectMs", suspectMs, 4 * keepAliveMs, 3_600_000);
  const keepAliveTicks = Math.ceil(keepAliveMs / tickMs);
  return { keepAliveTicks, suspectTicks: Math.max(4 * keepAliveTicks, Math.ceil(suspectMs / tickMs)) };
}

function checkSeeds({ seeds, founders }: MemberOptions): SeedSource {
  if (founders !== undefined) checkWhole("founders", founders, 1, seedsMax / 2);
  if (typeof seeds === "string") {
    const address = checkAddress("seeds", seeds);
    check("founders", founders !== undefined, "is needed for seeds by name: more than half of all that ever could");
    return { kind: "name", address, founders: founders as number };
  }
  check("seeds", Array.isArray(seeds), "must be addresses, or one host name with a port");
  check("seeds", seeds.length >= 1 && seeds.length <= seedsMax, `must be 1 to ${seedsMax}`);
  for (const seed of seeds) checkName("seeds", seed);
  check("seeds", new Set(seeds).size === seeds.length, "must be different");
  const isMost = founders === undefined || (founders > seeds.length / 2 && founders <= seeds.length);
  check("founders", isMost, `must be more than half of the ${seeds.length} seeds, and not more than all of them`);
  return { kind: "list", nodes: seeds, founders: founders ?? 0 };
}

/** An address that others can use, made of one to listen on. */
function reachable(listen: string, { host, port }: Address): string {
  if (host !== "0.0.0.0" && host !== "::") return listen;
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === (host === "::" ? "IPv6" : "IPv4"));
  check(
    "address",
    found !== undefined,
    `is needed: this machine has no address of its own to be reached at, and ${host} is none`,
  );
  return host === "::" ? `[${found?.address}]:${port}` : `${found?.address}:${port}`;
}

/** An address that names a member. */
function checkName(option: string, text: string): void {
  checkAddress(option, text);
  check(option, isShortAddress(text), `${JSON.stringify(text)} is longer than ${shortAddressBytesMax} characters`);
}

function checkWhole(option: string, value: number, least: number, most: number): void {
  const isWhole = Number.isInteger(value) && value >= least && value <= most;
  check(option, isWhole, `must be a whole number from ${least} to ${most}`);
}

function check(option: string, holds: boolean, problem: string): void {
  if (!holds) throw new OptionError(option, problem);
}
