import type { Hunt, Orders } from "../hunt.ts";

/** A mutant, and where it is hunted: until the first hunt that catches it. */
export interface Mutant {
  /** Its patch is `patches/PROTOCOL/NAME.patch`. */
  readonly name: string;
  readonly hunts: readonly Hunt[];
  /** Every order of events in a group so small that it must be caught there, too. */
  readonly orders?: Orders;
  /** Whether the first hunt, and that in `orders`, are quick enough for every run of the tests. */
  readonly isSample?: boolean;
}
