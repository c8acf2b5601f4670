import { invariant } from "../../../base/invariant.ts";
import type { PositionRow } from "../position-index.ts";

/** Where a record lies: in which frame, and as which of its records. */
export interface Place {
  readonly segment: number;
  /** In sectors from the start of the file. */
  readonly sector: number;
  readonly sectors: number;
  readonly ordinal: number;
}

const sectorsMax = 2 ** 22; // 2 GiB of sectors: what a segment's number is shifted by

/** Packs a place into the two numbers of an index row. */
export function packPlace({ segment, sector, sectors, ordinal }: Place): readonly [place: number, part: number] {
  invariant(sector < sectorsMax && sectors < sectorsMax, "a frame starts and ends within 2 GiB");
  return [segment * sectorsMax + sector, ordinal * sectorsMax + sectors];
}

/** Where the record of an index row lies. */
export function placeOf(row: PositionRow): Place {
  return {
    segment: Math.floor(row.place / sectorsMax),
    sector: row.place % sectorsMax,
    sectors: row.part % sectorsMax,
    ordinal: Math.floor(row.part / sectorsMax),
  };
}
