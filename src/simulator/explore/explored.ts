import type { Explorable, Terms } from "./explorable.ts";
import { explorableRaft, type RaftLimits } from "./raft/explorable-raft.ts";
import { explorableSynod, type SynodLimits } from "./synod/explorable-synod.ts";
import { explorableTotalOrder } from "./total-order/explorable-total-order.ts";
import type { TotalOrderLimits } from "./total-order/limits.ts";

/** A protocol, and how much of it is explored: plain data, for threads to share. */
export type Explored =
  | { readonly protocol: "raft"; readonly limits: RaftLimits }
  | { readonly protocol: "total-order"; readonly limits: TotalOrderLimits }
  | { readonly protocol: "synod"; readonly limits: SynodLimits };

/** The protocol's code of production, ready to be explored so far. */
export function explorableOf(explored: Explored): Explorable<Terms> {
  switch (explored.protocol) {
    case "raft":
      return explorableRaft(explored.limits);
    case "total-order":
      return explorableTotalOrder(explored.limits);
    case "synod":
      return explorableSynod(explored.limits);
  }
}
