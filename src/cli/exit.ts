import { InvariantViolation } from "../base/invariant.ts";
import { OperatingError } from "../runtime/errors.ts";

/** What a process tells the shell, after sysexits.h where that has a number. */
export const exitCode = {
  yes: 0,
  failed: 1,
  /** A request may or may not have been applied. */
  unknown: 2,
  usage: 64,
  /** No quorum, or nobody answers; certainly not applied. */
  unavailable: 69,
  bug: 70,
  /** Disk or corruption. */
  disk: 74,
  interrupted: 130,
} as const;

/** One of the codes above. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The end of a command that is no fault of ours: what to say on stderr, and the exit code. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exit = exit;
  }
}

const exitByCode: Readonly<Record<string, ExitCode>> = {
  QUORATE_OPTION: exitCode.usage,
  QUORATE_WRONG_DIRECTORY: exitCode.usage,
  QUORATE_WRONG_PROTOCOL: exitCode.usage,
  QUORATE_WRONG_STORAGE: exitCode.usage,
  QUORATE_MISSING_PACKAGE: exitCode.usage,
  QUORATE_DIRECTORY_LOCKED: exitCode.usage,
  QUORATE_ADDRESS_IN_USE: exitCode.usage,
  QUORATE_BAD_BACKUP: exitCode.disk,
  QUORATE_CORRUPTION: exitCode.disk,
  QUORATE_STORAGE_FAILED: exitCode.disk,
  QUORATE_DISK_FULL: exitCode.disk,
  QUORATE_OUTCOME_UNKNOWN: exitCode.unknown,
  QUORATE_REQUEST_EXPIRED: exitCode.unknown,
  QUORATE_NO_LEADER: exitCode.unavailable,
  QUORATE_BUSY: exitCode.unavailable,
  QUORATE_NOT_LEADER: exitCode.unavailable,
  QUORATE_CHANGE_UNDER_WAY: exitCode.unavailable,
  QUORATE_BEHIND: exitCode.unavailable,
  QUORATE_TRANSFER_FAILED: exitCode.unavailable,
  QUORATE_NOT_JOINED: exitCode.unavailable,
  QUORATE_UNDELIVERED: exitCode.unknown,
  QUORATE_STATE_LOST: exitCode.unavailable,
};

/** The one table from errors to exit codes; what nobody expected is our bug. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandFailure) return error.exit;
  if (error instanceof InvariantViolation) return exitCode.bug;
  if (error instanceof OperatingError) {
    return exitByCode[error.code] ?? (error.outcome === "unknown" ? exitCode.unknown : exitCode.failed);
  }
  if (isSystemError(error)) return isOfDisk(error) ? exitCode.disk : exitCode.failed;
  return exitCode.bug;
}

/** Whether a file is at fault; a write that finds no room does not say which. */
function isOfDisk({ path, code = "" }: NodeJS.ErrnoException): boolean {
  return path !== undefined || ["ENOSPC", "EDQUOT", "EFBIG", "EIO"].includes(code);
}

/** What to print for an error: its message, and where to read on; the stack only for our own bugs. */
export function describeError(error: unknown): string {
  if (error instanceof OperatingError) return `${error.message}\n  more: quorate help ${error.code}`;
  if (error instanceof CommandFailure || isSystemError(error)) return error.message;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in quorate, please report it:\n${text}`;
}

/** A failure that the operating system reported. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "syscall" in error;
}

/** Aborted at the first SIGINT or SIGTERM, whose name is the reason; a second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCode.interrupted);
      stop.abort(signal);
    });
  }
  return stop.signal;
}
