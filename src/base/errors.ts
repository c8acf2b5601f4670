/** What a caller may do next: the same again, ask another node, or change the request. */
export type Retry = "now" | "elsewhere" | "never";

/** Whether the request may have taken effect. `unknown` is the honest answer after a lost reply. */
export type Outcome = "not-applied" | "unknown";

/**
 * An expected failure: the world, not our code, is at fault.
 *
 * `code` is stable and explained in docs/errors.md; the message says what happened, what it means and what to do.
 */
export abstract class OperatingError extends Error {
  abstract readonly code: `QUORATE_${string}`;
  abstract readonly retry: Retry;
  abstract readonly outcome: Outcome;
}

/** Bytes from outside that are not what they claim to be: truncated, oversized, unknown or inconsistent. */
export class MalformedError extends OperatingError {
  override readonly name = "MalformedError";
  override readonly code = "QUORATE_MALFORMED";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor(what: string, options?: { cause?: unknown }) {
    super(`malformed input: ${what}`, options);
  }
}

/** An option that cannot be used as given. */
export class OptionError extends OperatingError {
  override readonly name = "OptionError";
  override readonly code = "QUORATE_OPTION";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly option: string;
  readonly problem: string;

  constructor(option: string, problem: string) {
    super(`option ${option}: ${problem}`);
    this.option = option;
    this.problem = problem;
  }
}
