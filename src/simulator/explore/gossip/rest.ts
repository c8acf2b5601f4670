import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { difference } from "../../../protocols/gossip/known/holdings.ts";
import type { Rest } from "../explorable.ts";
import { restEssence } from "./essence.ts";
import type { GossipTerms } from "./terms.ts";
import { restAlarmsOf } from "./time.ts";

/** In the end all know what any of them knows, nobody is taken for lost, and nobody holds what everyone has. */
export function gossipRest(ids: readonly NodeId[]): Rest<GossipTerms> {
  return {
    alarms: restAlarmsOf(ids),
    essence: restEssence,
    isLost: () => false,
    isSignOfLife: (message) => message.kind === "digest" && message.knows === undefined && !message.asks,
    check: (members) => {
      const [first] = members;
      for (const { state } of members) {
        const { config, known, peers, store } = state;
        const lacking =
          difference(first?.state.known ?? known, known).size + difference(known, first?.state.known ?? known).size;
        invariant(
          lacking === 0,
          `all know the same in the end (Agreement): ${config.id} and ${first?.state.config.id}`,
        );
        const lost = [...peers.values()].filter(({ isDown }) => isDown).map(({ id }) => id);
        invariant(lost.length === 0, `nobody is taken for lost in the end: ${lost} by ${config.id}`);
        invariant(store.unstable.size === 0, `what everyone has is known to be so in the end: at ${config.id}`);
      }
    },
  };
}
