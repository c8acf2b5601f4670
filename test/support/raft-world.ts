import type { RaftOptions } from "../../src/protocols/raft/index.ts";

/** How hostile the simulated world is. Times are ms. */
export interface World {
  readonly delayMs: readonly [number, number];
  readonly diskMs: readonly [number, number];
  readonly loss: number;
  readonly repeat: number;
  /** Share of reads of storage that are never answered. */
  readonly lostReads: number;
  /** What arrives within up to this time shares a step; 0: every input is a step of its own, at once. */
  readonly batchMs: number;
}

/** Nothing goes wrong by itself. */
export const calmWorld: World = { delayMs: [1, 3], diskMs: [1, 2], loss: 0, repeat: 0, lostReads: 0, batchMs: 0 };

/** What makes one cluster. */
export interface Setup {
  readonly members: number;
  readonly seed?: number;
  readonly world?: World;
  readonly options?: Partial<RaftOptions>;
  /** Each member's tick lasts from the first to the second. Default 20 ms all. */
  readonly tickMs?: readonly [number, number];
  /** The record of a snapshot drives the older ones from the disk. Default: all are kept. */
  readonly keepsOneSnapshot?: boolean;
  /** The past that members start with: the term they are in, and the terms of their entries. */
  readonly past?: { readonly term: number; readonly logs: ReadonlyMap<string, readonly number[]> };
}
