import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Timers } from "./timers.ts";

/** Where to dial. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Finds the IP addresses of a host name. Rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Reads `host:port` or `[ipv6]:port`; `undefined` when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]/]{1,253})):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (!host || port < 1 || port > 65_535) return undefined;
  if (match?.[1] !== undefined && isIP(host) !== 6) return undefined;
  return { host, port };
}

/** An address as `parseAddress` reads it. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Longest address that names a member of a group, in bytes. */
export const shortAddressBytesMax = 128;

/** Whether `text` is an address, short enough to be a name, too. */
export function isShortAddress(text: string): boolean {
  return text.length <= shortAddressBytesMax && /^[\x21-\x7e]+$/.test(text) && parseAddress(text) !== undefined;
}

/** Asks the system, as every other program on this machine does. */
export const resolveBySystem: Resolve = async (host) =>
  (await lookup(host, { all: true })).map((found) => found.address);

const hostsMax = 256;

interface Known {
  readonly addresses: readonly string[];
  readonly foundMs: number;
}

/** Resolves host names one at a time, and remembers answers for a short time. */
export class Resolver {
  /** One lookup at a time in the whole process: `dns.lookup` shares libuv's four threads with the disk. */
  static #turn: Promise<unknown> = Promise.resolve();

  readonly #resolve: Resolve;
  readonly #cacheMs: number;
  readonly #timers: Timers;
  readonly #known = new Map<string, Known>();

  constructor(resolve: Resolve, cacheMs: number, timers: Timers) {
    this.#resolve = resolve;
    this.#cacheMs = cacheMs;
    this.#timers = timers;
  }

  /** At least one address; the last known ones when a lookup fails. Rejects when none was ever found. */
  async find(host: string): Promise<readonly string[]> {
    if (isIP(host)) return [host];
    const fresh = this.#fresh(host);
    if (fresh) return fresh;
    const turn = Resolver.#turn.then(() => this.#findInTurn(host));
    Resolver.#turn = turn.catch(() => undefined); // the caller hears of it; the next in turn need not
    return turn;
  }

  #fresh(host: string): readonly string[] | undefined {
    const known = this.#known.get(host);
    return known && this.#timers.now() - known.foundMs < this.#cacheMs ? known.addresses : undefined;
  }

  async #findInTurn(host: string): Promise<readonly string[]> {
    const fresh = this.#fresh(host); // found for someone else while this one waited
    if (fresh) return fresh;
    try {
      const addresses = await this.#resolve(host);
      if (addresses.length === 0) throw new Error(`${host} has no address`);
      this.#known.delete(host);
      this.#known.set(host, { addresses, foundMs: this.#timers.now() });
      if (this.#known.size > hostsMax) this.#known.delete(this.#known.keys().next().value ?? "");
      return addresses;
    } catch (error) {
      const known = this.#known.get(host);
      if (known) return known.addresses;
      throw error;
    }
  }
}
