import { invariant } from "../../base/invariant.ts";
import { majority } from "../../protocols/quorum/majority.ts";
import type { Member, TotalOrderState } from "../../protocols/total-order/index.ts";

/** What one run of a process last held: for each member of its view, all frames through here. */
interface Held {
  readonly group: string;
  readonly view: number;
  readonly received: readonly number[];
  readonly delivered: readonly number[];
}

/** That a majority of the view really holds a frame before anyone delivers it, if delivery is uniform. */
export class Holders {
  readonly #held = new Map<string, Held>();

  stepped(id: string, state: Readonly<TotalOrderState>): void {
    const { config, view, peers } = state;
    const name = nameOf(config);
    const before = this.#held.get(name);
    const held = {
      group: view.group,
      view: view.number,
      received: peers.map(({ received }) => received),
      delivered: peers.map(({ delivered }) => delivered),
    };
    this.#held.set(name, held);
    if (config.delivery !== "uniform" || before === undefined || before.view !== view.number) return;
    for (const [place, number] of held.delivered.entries()) {
      if (number === before.delivered[place]) continue;
      const count = view.members.filter((member) => this.#holds(member, held, place, number)).length;
      const whose = `${peers[place]?.node} #${number} at ${id}`;
      invariant(
        count >= majority(view.members.length),
        `a majority holds what is delivered to all or nobody: ${whose}`,
      );
    }
  }

  #holds(member: Member, { group, view }: Held, place: number, number: number): boolean {
    const held = this.#held.get(nameOf(member));
    if (held === undefined || held.group !== group) return false;
    return held.view > view || (held.view === view && (held.received[place] ?? 0) >= number);
  }
}

function nameOf({ node, incarnation }: Member): string {
  return `${node}#${incarnation}`;
}
