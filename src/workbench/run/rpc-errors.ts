/** A refusal that a node sent, with one of Maelstrom's codes or its own. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: number;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/** No answer came in time. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
}

/** An answer that the workload's protocol does not know. */
export class MalformedReplyError extends Error {
  override readonly name = "MalformedReplyError";
}

interface ErrorCode {
  readonly name: string;
  /** Whether the operation certainly did not happen, and never will. */
  readonly definite: boolean;
}

/** Maelstrom's table (doc/protocol.md); all other codes are a node's own, and say nothing certain. */
const errorCodes: Readonly<Record<number, ErrorCode>> = {
  0: { name: "timeout", definite: false },
  1: { name: "node-not-found", definite: true },
  10: { name: "not-supported", definite: true },
  11: { name: "temporarily-unavailable", definite: true },
  12: { name: "malformed-request", definite: true },
  13: { name: "crash", definite: false },
  14: { name: "abort", definite: true },
  20: { name: "key-does-not-exist", definite: true },
  21: { name: "key-already-exists", definite: true },
  22: { name: "precondition-failed", definite: true },
  30: { name: "txn-conflict", definite: true },
};

/** What an error code means. */
export function meaningOf(code: number): ErrorCode {
  return errorCodes[code] ?? { name: `code ${code}`, definite: false };
}
