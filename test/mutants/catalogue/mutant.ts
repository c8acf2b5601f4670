import type { Hunt } from "../hunt.ts";

/** A mutant, and where it is hunted: until the first hunt that catches it. */
export interface Mutant {
  /** Its patch is `patches/PROTOCOL/NAME.patch`. */
  readonly name: string;
  readonly hunts: readonly Hunt[];
  /** Whether the first hunt is quick enough for every run of the tests. */
  readonly isSample?: boolean;
}
