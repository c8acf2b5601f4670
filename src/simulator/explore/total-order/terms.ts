import type { TotalOrderState, TotalOrderVocabulary } from "../../../protocols/total-order/index.ts";

/** Total order's words, and what is remembered of a run. */
export interface TotalOrderTerms extends TotalOrderVocabulary {
  readonly state: TotalOrderState;
  readonly fact: OrderFact;
  readonly history: OrderHistory;
}

/** A message at its position, and the view that it was delivered in. */
export interface Placed {
  readonly text: string;
  readonly view: number;
}

/** What has happened in one group, and binds all that follows. */
export interface GroupHistory {
  /** By position, from 1: what all who go on have delivered, or will. */
  readonly order: readonly Placed[];
  /** Delivered in the newest view, while nobody stands by it yet; from the view's first position on. */
  readonly unsettled: ReadonlyMap<number, readonly string[]>;
  /** For each view who is in it, and where it begins. */
  readonly views: ReadonlyMap<number, string>;
  /** For each view that ends, by which decree, and who goes on. */
  readonly ends: ReadonlyMap<number, Decided>;
}

/** A decree, by all that it says but the content of frames. */
export interface Decided {
  readonly decree: string;
  readonly members: readonly string[];
}

/** A message that nobody has delivered yet. */
export interface Asked {
  readonly by: string;
  /** What its sender had delivered or multicast before. */
  readonly causes: ReadonlySet<string>;
}

/** What has happened and binds all that follows. */
export interface OrderHistory {
  readonly asked: ReadonlyMap<string, Asked>;
  readonly groups: ReadonlyMap<string, GroupHistory>;
}

/** Where the owner of a process stands: it has the group's messages through `position`. */
export interface Place {
  readonly group: string;
  readonly view: number;
  /** Where the view began. */
  readonly start: number;
  readonly position: number;
}

/** What one step adds. */
export type OrderFact =
  | { readonly kind: "asks"; readonly by: string; readonly text: string; readonly at: Place | undefined }
  | { readonly kind: "refuses"; readonly text: string }
  /** `isFinal`: nobody who goes on can have delivered anything else there. */
  | {
      readonly kind: "delivers";
      readonly by: string;
      readonly at: Place;
      readonly text: string;
      readonly isFinal: boolean;
    }
  /** A process stands by what it has delivered in the view that ends. */
  | { readonly kind: "settles"; readonly by: string; readonly at: Place }
  | { readonly kind: "ends"; readonly group: string; readonly view: number; readonly decided: Decided }
  /** A process is told in this view that others go on without it. */
  | { readonly kind: "goes"; readonly by: string; readonly group: string; readonly view: number }
  | {
      readonly kind: "enters";
      readonly by: string;
      readonly group: string;
      readonly view: number;
      readonly members: string;
    };

/** Nothing has happened yet. */
export const firstHistory: OrderHistory = { asked: new Map(), groups: new Map() };
