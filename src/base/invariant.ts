/** A broken promise of our own code: never caught, the node stops. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
  readonly code = "QUORATE_INVARIANT";
  readonly retry = "never";
  readonly outcome = "unknown";
}

/** States what must hold here; `claim` completes the sentence "it must be that …". */
export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new InvariantViolation(`it must be that ${claim}`);
}

/** Marks a switch as exhaustive: a new union member fails to compile here. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unexpected value ${JSON.stringify(value)}`);
}
