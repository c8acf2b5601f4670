import { invariant } from "../../../base/invariant.ts";
import { absorbClients, type Client, clientOf, clientRecords, noteExecuted } from "../clients/executed.ts";
import { decodeChange } from "../codec/change-codec.ts";
import { configurationsAfter, decide } from "../membership/configurations.ts";
import type { Base, Configuration, Update } from "../messages.ts";
import { type History, slotAt } from "./history.ts";

/** What the order itself says, found by executing it; the owner's state is another matter. */
export interface Facts {
  /** All through here went into these facts. A base from another member may know more than its log's start. */
  through: number;
  /** Oldest first: the one in force at the log's start, and those decided since. */
  configurations: Configuration[];
  clients: Map<number, Client>;
}

/** The facts that a base holds. */
export function factsOf(base: Base): Facts {
  const facts: Facts = { through: 0, configurations: [], clients: new Map() };
  absorb(facts, base);
  return facts;
}

/** Takes in the facts of a base: they only ever grow. */
export function absorb(facts: Facts, { through, configurations, clients }: Base): void {
  facts.through = Math.max(facts.through, through);
  const newest = facts.configurations.at(-1)?.epoch ?? -1;
  facts.configurations.push(...configurations.filter(({ epoch }) => epoch > newest));
  absorbClients(facts.clients, clients, through);
}

/** The facts as a base for a log that starts after `floor`, or for a snapshot as of it. */
export function baseOf({ through, configurations, clients }: Facts, floor: number): Base {
  return {
    floor,
    through,
    configurations: configurationsAfter(configurations, floor),
    clients: clientRecords(clients),
  };
}

/**
 * Executes the update at `seq`, the next in order; false when it is a change of members that is void (M1).
 *
 * `author`: whose it is, by `authorOf`, which need not be asked for each update of one client.
 */
export function execute(facts: Facts, seq: number, update: Update, author: Client | undefined): boolean {
  if (facts.through < seq) facts.through = seq;
  if (author !== undefined) noteExecuted(author, update.timestamp, seq);
  return update.kind !== "members" || decide(facts.configurations, seq, decodeChange(update.payload));
}

/** Who named the update; `undefined`: nobody. */
export function authorOf({ clients }: Facts, { client }: Update): Client | undefined {
  return client === 0 ? undefined : clientOf(clients, client);
}

/**
 * What is stored through `seq` is ordered, for the owner has taken it in: a hint of that may have got lost (D4).
 *
 * What was accepted there last is what was ordered: nothing else is accepted once that is known.
 */
export function executeThrough(facts: Facts, history: History, seq: number): void {
  while (history.aru < seq) {
    const slot = slotAt(history, history.aru + 1);
    invariant(slot !== undefined, "the owner has taken in nothing that is not stored");
    slot.isOrdered = true;
    history.aru++;
    execute(facts, history.aru, slot.update, authorOf(facts, slot.update));
  }
}
