import type { NodeId } from "../../base/ids.ts";

/** Which links are used, when all of them work. */
export type GivenTopology =
  /** Everyone with everyone. */
  | { readonly kind: "full" }
  /** In order of the ids: each with the next; a ring also the last with the first. */
  | { readonly kind: "line" }
  | { readonly kind: "ring" }
  /** In rows, as many as columns or nearly so: each with the one beside and the one below. */
  | { readonly kind: "grid" }
  /** Each has `branching` children. */
  | { readonly kind: "tree"; readonly branching: number }
  /** The first with everyone. */
  | { readonly kind: "star" }
  /** As an operator has it: by node, its neighbours. A link counts when one of its ends names it. */
  | { readonly kind: "given"; readonly neighbours: Readonly<Record<NodeId, readonly NodeId[]>> };

/** `own`: a breadth-first tree of the links of `over` from the least node that lives, rebuilt when a link fails. */
export type Topology = GivenTopology | { readonly kind: "own"; readonly over: GivenTopology };
