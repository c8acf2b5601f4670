import type { KeyRange } from "./keys.ts";

/** Changes to make in one transaction: removals first. */
export interface CommitAsk {
  readonly kind: "commit";
  /** As `packUnsealed` makes it. */
  readonly puts: Uint8Array;
  readonly removes: readonly RemoveRange[];
}

/** Keys to remove, at most `countMax` of them. */
export interface RemoveRange extends KeyRange {
  readonly countMax?: number;
}

/** Values to read, in the order of their keys: at least one, if there is one, and none after a bound is reached. */
export interface ScanAsk extends KeyRange {
  readonly kind: "scan";
  /** Start with the last key at or before `from`, if there is one. */
  readonly floor?: boolean;
  readonly countMax?: number;
  readonly bytesMax?: number;
}

/** What is asked of the thread that has the database; answers come in the same order. `open` comes first. */
export type Ask =
  | { readonly kind: "open"; readonly directory: string; readonly mapBytes?: number | undefined }
  | CommitAsk
  | ScanAsk
  | { readonly kind: "close" };

/** Sizes, as of an answer. */
export interface EngineStats {
  readonly bytes: number;
  readonly syncs: number;
}

/** An error, taken apart: errors lose their class on the way between threads. */
export type Fault =
  | { readonly kind: "corruption"; readonly file: string; readonly offset: number; readonly problem: string }
  | { readonly kind: "wrong-directory"; readonly directory: string; readonly problem: string }
  | { readonly kind: "missing-package"; readonly name: string; readonly problem: string }
  | { readonly kind: "full" }
  | { readonly kind: "failed"; readonly problem: string };

/** What came of an ask. */
export type Answer =
  | {
      readonly kind: "done";
      readonly stats: EngineStats;
      /** Of a commit: how many keys were removed. */
      readonly removed: number;
      /** Of a scan: as `pack` makes it. */
      readonly found: Uint8Array;
    }
  | { readonly kind: "fault"; readonly fault: Fault };
