/** `unknown`: nothing wrong was found, but too little was seen, or a limit was met, to be sure. */
export type Validity = true | false | "unknown";

/** Something that the promised consistency forbids. */
export interface Anomaly {
  /** Its name in the literature or in the workload's documentation, such as `G-single` or `lost-write`. */
  readonly name: string;
  /** What was seen and why it cannot be, in whole sentences with the operations involved. */
  readonly explanation: string;
  /** Places of the events involved in the history, from 0. */
  readonly events: readonly number[];
}

/** What a checker says of a history. */
export interface Judgement {
  readonly valid: Validity;
  /** What makes it invalid; or why it is unknown. A checker may stop at a bound of its own. */
  readonly anomalies: readonly Anomaly[];
  /** Counts, latencies and the like by name: plain data, shown and stored as they are. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The worst of several: invalid if one of them is, otherwise unknown if one of them is. */
export function worst(validities: Iterable<Validity>): Validity {
  let result: Validity = true;
  for (const validity of validities) {
    if (validity === false) return false;
    if (validity === "unknown") result = "unknown";
  }
  return result;
}
