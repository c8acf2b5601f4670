import * as v from "valibot";
import { isNodeId } from "../base/ids.ts";
import type { Member } from "../protocols/replicated-log.ts";
import { isLoopback } from "../services/http/guard.ts";
import { variableOf } from "./serve-options.ts";

/** Most members that one cluster may start with. */
const membersMax = 9;
/** Most further names of one node. */
const namesMax = 64;

const whole = (least: number, most: number) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], "must be a whole number"),
    v.integer("must be a whole number"),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );
const flag = v.pipe(
  v.union([v.boolean(), v.picklist(["true", "false", "1", "0"])], "must be true or false"),
  v.transform((value) => value === true || value === "true" || value === "1"),
);
const text = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"), v.maxLength(4096, "is too long"));
const nodeId = v.pipe(
  text,
  v.check(isNodeId, "must be letters, digits, `_`, `.` or `-`, starting with a letter or digit, at most 64"),
);
const hostAndPort = v.pipe(text, v.check(isHostAndPort, "must be host:port, like 127.0.0.1:12379 or [::1]:12379"));
const members = v.pipe(
  v.union([v.string(), v.record(v.string(), v.string())], "must be n1=host:port,n2=host:port,…"),
  v.transform((given) => (typeof given === "string" ? splitMembers(given) : Object.entries(given))),
  v.check((pairs) => pairs.every(([id, address]) => isNodeId(id) && isHostAndPort(address)), "must be n1=host:port,…"),
  v.check((pairs) => new Set(pairs.map(([id]) => id)).size === pairs.length, "names a member twice"),
  v.check((pairs) => new Set(pairs.map(([, address]) => address)).size === pairs.length, "names an address twice"),
  v.check((pairs) => pairs.length <= membersMax, `has more than ${membersMax} members`),
  v.transform((pairs): readonly Member[] => pairs.map(([id, address]) => ({ id, address }))),
);
const names = v.pipe(
  v.union([v.string(), v.array(v.string())], "must be a,b,…"),
  v.transform((given) => (typeof given === "string" ? given.split(",") : given).map((name) => name.trim())),
  v.check((list) => list.every((name) => /^[^\s:/@[\]]{1,253}$/.test(name)), "must be host names, without a port"),
  v.check((list) => list.length <= namesMax, `has more than ${namesMax} names`),
  v.transform((list): readonly string[] => list),
);

const schema = v.object({
  id: nodeId,
  cluster: members,
  "cluster-id": v.exactOptional(nodeId),
  host: v.optional(text, "127.0.0.1"),
  port: v.optional(whole(0, 65_535), 12_380),
  listen: v.exactOptional(hostAndPort),
  "data-dir": v.exactOptional(text),
  insecure: v.optional(flag, false),
  names: v.exactOptional(names),
  "request-bytes-max": v.exactOptional(whole(1024, 8 * 1024 * 1024)),
  "timeout-ms": v.exactOptional(whole(1, 3_600_000)),
  "tick-ms": v.exactOptional(whole(1, 1000)),
  "election-ticks": v.exactOptional(whole(2, 10_000)),
  "heartbeat-ticks": v.exactOptional(whole(1, 1000)),
  "snapshot-every-bytes": v.exactOptional(whole(4096, 2 ** 40)),
  "log-level": v.optional(
    v.picklist(
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "must be fatal, error, warn, info, debug, trace or silent",
    ),
    "info",
  ),
  verbose: v.optional(flag, false),
});

/** Checked settings of one node: what `serve` runs with. */
export interface ServeSettings {
  readonly id: string;
  readonly cluster: readonly Member[];
  readonly "cluster-id"?: string;
  readonly host: string;
  readonly port: number;
  readonly listen?: string;
  readonly "data-dir": string;
  readonly insecure: boolean;
  readonly names?: readonly string[];
  readonly "request-bytes-max"?: number;
  readonly "timeout-ms"?: number;
  readonly "tick-ms"?: number;
  readonly "election-ticks"?: number;
  readonly "heartbeat-ticks"?: number;
  readonly "snapshot-every-bytes"?: number;
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
  const parsed = v.safeParse(schema, Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (!parsed.success) throw complaint(parsed.issues[0], given);
  const { id, cluster, host, listen, insecure } = parsed.output;
  const own = cluster.find((member) => member.id === id);
  if (own === undefined) {
    throw new SettingError(`${given.get("id")?.origin}: ${id} is no member in ${given.get("cluster")?.origin}`);
  }
  if (!insecure) {
    refuseOpen(host, given.get("host")?.origin);
    refuseOpen(
      splitAddress(listen ?? own.address)?.host,
      given.get(listen === undefined ? "cluster" : "listen")?.origin,
    );
  }
  return { "data-dir": `.quorate/${id}`, ...parsed.output };
}

/** An address that others can reach is listened on only when somebody says that this is meant. */
function refuseOpen(host: string | undefined, origin: string | undefined): void {
  if (host === undefined || isLoopback(host)) return;
  const reason = "others can reach it, nothing is encrypted, and nobody is asked for a password";
  throw new SettingError(`${origin}: ${host} is not loopback: ${reason}; to listen there all the same, say --insecure`);
}

function complaint(issue: v.BaseIssue<unknown>, given: ReadonlyMap<string, Given>): SettingError {
  const name = String(issue.path?.[0]?.key);
  const found = given.get(name);
  return found === undefined
    ? new SettingError(`${name} is missing: give --${name}, ${variableOf(name)}, or ${name} in a file (--config)`)
    : new SettingError(`${found.origin}: ${issue.message}, not ${JSON.stringify(found.value)}`);
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
