import type { Bounds, Explorable, Terms } from "./explorable.ts";
import { explorableGossip } from "./gossip/explorable-gossip.ts";
import type { GossipLimits } from "./gossip/limits.ts";
import { explorablePaxos } from "./multi-paxos/explorable-multi-paxos.ts";
import type { PaxosLimits } from "./multi-paxos/limits.ts";
import { explorableRaft, type RaftLimits } from "./raft/explorable-raft.ts";
import { explorableSynod, type SynodLimits } from "./synod/explorable-synod.ts";
import { explorableTotalOrder } from "./total-order/explorable-total-order.ts";
import type { TotalOrderLimits } from "./total-order/limits.ts";
import { budgetsMax, countedBudgets } from "./world/account.ts";
import { budgetsOf } from "./world/worlds.ts";

/** A protocol, and how much of it is explored: plain data, for threads to share. */
export type Explored =
  | { readonly protocol: "raft"; readonly limits: RaftLimits }
  | { readonly protocol: "multi-paxos"; readonly limits: PaxosLimits }
  | { readonly protocol: "total-order"; readonly limits: TotalOrderLimits }
  | { readonly protocol: "gossip"; readonly limits: GossipLimits }
  | { readonly protocol: "synod"; readonly limits: SynodLimits };

/** Whether all kinds of events that are limited can be counted at once. */
export function canBeCounted(explored: Explored, bounds: Bounds): boolean {
  return countedBudgets(budgetsOf(explorableOf(explored), bounds)) <= budgetsMax;
}

/** The protocol's code of production, ready to be explored so far. */
export function explorableOf(explored: Explored): Explorable<Terms> {
  switch (explored.protocol) {
    case "raft":
      return explorableRaft(explored.limits);
    case "multi-paxos":
      return explorablePaxos(explored.limits);
    case "total-order":
      return explorableTotalOrder(explored.limits);
    case "gossip":
      return explorableGossip(explored.limits);
    case "synod":
      return explorableSynod(explored.limits);
  }
}
