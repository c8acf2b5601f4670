import { gossip } from "./gossip.ts";
import { multiPaxos } from "./multi-paxos.ts";
import type { ExplorableProtocol } from "./protocol.ts";
import { raft } from "./raft.ts";
import { synod } from "./synod.ts";
import { totalOrder } from "./total-order.ts";

/** All that can be explored. */
export const explorableProtocols: readonly ExplorableProtocol[] = [raft, multiPaxos, totalOrder, gossip, synod];
