import type { Hunt, Orders } from "../hunt.ts";
import { gossipMutants } from "./gossip.ts";
import { multiPaxosMutants } from "./multi-paxos.ts";
import type { Mutant } from "./mutant.ts";
import { raftMutants } from "./raft.ts";
import { totalOrderMutants } from "./total-order.ts";

/** All mutants, by protocol. */
export const catalogue: Readonly<Record<string, readonly Mutant[]>> = {
  raft: raftMutants,
  "multi-paxos": multiPaxosMutants,
  "total-order": totalOrderMutants,
  gossip: gossipMutants,
};

/** All of them in one list, with the place of the patch: `PROTOCOL/NAME`. */
export const mutants: readonly (Mutant & { readonly path: string })[] = Object.entries(catalogue).flatMap(
  ([protocol, all]) => all.map((mutant) => ({ ...mutant, path: `${protocol}/${mutant.name}` })),
);

/** All explorations that catch some of these mutants, each once: they must find nothing in the sources as they are. */
export function explorationsOf(some: readonly Mutant[]): readonly Orders[] {
  const all = some.flatMap(({ hunts, orders }) => [...hunts.filter(isExploration), ...(orders ? [orders] : [])]);
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

function isExploration(hunt: Hunt): hunt is Orders {
  return hunt.by === "explore";
}
