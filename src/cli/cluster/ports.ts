import { createServer } from "node:net";
import { CommandFailure, exitCode } from "../exit.ts";

/** Most nodes of a local cluster. */
export const nodesMax = 9;

/** Where one node of a local cluster listens, both on 127.0.0.1. */
export interface NodePorts {
  readonly id: string;
  readonly http: number;
  readonly peer: number;
}

/** The ports to use, and the taken one that made the set move. */
export interface ChosenPorts {
  readonly nodes: readonly NodePorts[];
  readonly moved: number | undefined;
}

/** How many sets are tried before giving up. */
const setsMax = 100;

/** HTTP ports as people know them; peer ports one below, unless that lies in Linux's ephemeral range. */
const usual: readonly { readonly http: number; readonly peer: number }[] = [
  { http: 12_380, peer: 12_379 },
  { http: 22_380, peer: 22_379 },
  { http: 32_380, peer: 32_379 },
  { http: 42_380, peer: 17_379 },
  { http: 52_380, peer: 18_379 },
  { http: 13_380, peer: 13_379 },
  { http: 14_380, peer: 14_379 },
  { http: 15_380, peer: 15_379 },
  { http: 16_380, peer: 16_379 },
];

/** The `attempt`-th set of ports: the usual ones, each 10 higher an attempt, or one block from `base` on. */
export function portSet(count: number, base: number | undefined, attempt: number): NodePorts[] {
  return usual.slice(0, count).map(({ http, peer }, place) => {
    const id = `n${place + 1}`;
    if (base === undefined) return { id, http: http + 10 * attempt, peer: peer + 10 * attempt };
    const start = base + 2 * count * attempt;
    return { id, http: start + place, peer: start + count + place };
  });
}

/** The first whole set that is free now; with `strict` the first set or none. Throws `CommandFailure`. */
export async function choosePorts(count: number, base: number | undefined, strict: boolean): Promise<ChosenPorts> {
  let moved: number | undefined;
  for (let attempt = 0; attempt < setsMax; attempt++) {
    const nodes = portSet(count, base, attempt);
    if (nodes.some(({ http, peer }) => Math.max(http, peer) > 65_535)) break;
    const taken = await firstTaken(nodes.flatMap(({ http, peer }) => [http, peer]));
    if (taken === undefined) return { nodes, moved };
    moved ??= taken;
    if (strict)
      throw new CommandFailure(exitCode.usage, `port ${taken} is taken (found without --strict-ports: another set)`);
  }
  throw new CommandFailure(
    exitCode.usage,
    `port ${moved} is taken, and so is one of every other set; give --port-base`,
  );
}

/** The first of these ports on which nothing can listen now. */
export async function firstTaken(ports: readonly number[]): Promise<number | undefined> {
  for (const port of ports) if (!(await isFree(port))) return port;
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
