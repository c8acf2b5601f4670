import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { type Address, formatAddress } from "../../runtime/transports/addresses.ts";
import type { OrderingPlace } from "../../services/ordering/ordering-client.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { splitAddress } from "../settings.ts";

/** As many as a group of Multi-Paxos may have. */
const hostsMax = 31;
const fileBytesMax = 64 * 1024;

/**
 * The servers that a hostfile lists: a `host[:port]` on each line, whose number, from 0, is the server's id.
 *
 * Throws `CommandFailure`, naming the line.
 */
export function readHostfile(path: string, port: number): readonly OrderingPlace[] {
  return parseHosts(readText(path), port, path);
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > fileBytesMax) throw new CommandFailure(exitCode.usage, `${path} has more than 64 KiB`);
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(exitCode.usage, `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The same of its text; `name` is the file's. */
export function parseHosts(text: string, port: number, name: string): readonly OrderingPlace[] {
  const lines = text.trimEnd().split("\n");
  const fail = (at: number, problem: string): never => {
    throw new CommandFailure(exitCode.usage, `${name}, line ${at + 1}: ${problem}`);
  };
  const places: OrderingPlace[] = [];
  const lineOf = new Map<string, number>();
  for (const [at, line] of lines.entries()) {
    const place = parseHost(line.trim(), port);
    if (place === undefined) return fail(at, `${JSON.stringify(line.trim())} is no host or host:port`);
    if (at >= hostsMax) return fail(at, `a group has at most ${hostsMax} servers`);
    const address = formatAddress(place);
    const earlier = lineOf.get(address);
    if (earlier !== undefined) return fail(at, `${address} is on line ${earlier + 1}, too`);
    lineOf.set(address, at);
    places.push({ id: String(at), ...place });
  }
  return places;
}

function parseHost(text: string, port: number): Address | undefined {
  return splitAddress(text) ?? splitAddress(`${text}:${port}`);
}

/** Which of the servers this one is: the one asked for, or else the only one that is on this machine. */
export async function findOwn(
  places: readonly OrderingPlace[],
  asked: number | undefined,
  name: string,
  isHere: (host: string) => Promise<boolean> = isThisMachine,
): Promise<OrderingPlace> {
  if (asked !== undefined) {
    const place = places[asked];
    if (place !== undefined) return place;
    const range = places.length === 1 ? "the only id is 0" : `ids are 0 to ${places.length - 1}`;
    throw new CommandFailure(exitCode.usage, `-i ${asked}: ${name} ends with line ${places.length}, so ${range}`);
  }
  const here = await Promise.all(places.map(({ host }) => isHere(host)));
  const own = places.filter((_, at) => here[at]);
  const [first] = own;
  if (first === undefined) {
    const problem = `none of the ${places.length} lines of ${name} names this machine`;
    throw new CommandFailure(exitCode.usage, `${problem}: say with -i which one is meant`);
  }
  if (own.length > 1) {
    const lines = own.map(({ id }) => Number(id) + 1);
    const problem = `lines ${lines.join(", ")} of ${name} all name this machine`;
    throw new CommandFailure(
      exitCode.usage,
      `${problem}: say with -i which one is meant (line ${lines[0]} is -i ${first.id})`,
    );
  }
  return first;
}

async function isThisMachine(host: string): Promise<boolean> {
  if (host === hostname()) return true;
  const own = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  const found = await lookup(host, { all: true }).catch(() => []); // a name that nobody knows is not ours
  return found.some(({ address }) => own.includes(address) || /^127\.|^::1$/.test(address));
}
