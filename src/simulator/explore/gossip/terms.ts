import type { GossipState, GossipVocabulary } from "../../../protocols/gossip/index.ts";
import type { ReadonlyHoldings } from "../../../protocols/gossip/known/holdings.ts";

/** Gossip's words, and what is remembered of a run. */
export interface GossipTerms extends GossipVocabulary {
  readonly state: GossipState;
  readonly fact: GossipFact;
  readonly history: GossipHistory;
}

/** What has happened and binds all that follows. Rumours are named `origin/number`. */
export interface GossipHistory {
  /** What was submitted: its text, by name. */
  readonly submitted: ReadonlyMap<string, string>;
  /** What members knew when they crashed, by origin; and what had been submitted until then. */
  readonly ended: ReadonlyMap<string, { readonly known: ReadonlyHoldings; readonly submitted: ReadonlySet<string> }>;
}

/** What one step adds. */
export type GossipFact =
  | { readonly kind: "submits"; readonly name: string; readonly text: string }
  | { readonly kind: "delivers"; readonly by: string; readonly name: string; readonly text: string }
  /** `before`: the lives of the one that misses it, all but this. */
  | { readonly kind: "misses"; readonly by: string; readonly name: string; readonly before: readonly string[] }
  | { readonly kind: "ends"; readonly by: string; readonly known: ReadonlyHoldings };

/** Nothing has happened yet. */
export const firstHistory: GossipHistory = { submitted: new Map(), ended: new Map() };
