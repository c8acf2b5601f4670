/** How often things happen, in all, on whichever members: up to 15 times. What shares a budget is counted together. */
export interface Budget {
  readonly countMax: number;
}

/** Of what other things limit. */
export const unlimited: Budget = { countMax: Number.POSITIVE_INFINITY };
