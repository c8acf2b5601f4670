import { OperatingError, type Outcome, type Retry } from "../base/errors.ts";

export { MalformedError, OperatingError, OptionError, type Outcome, type Retry } from "../base/errors.ts";
export { InvariantViolation } from "../base/invariant.ts";

/** No leader answered in time, and the request was certainly not appended. */
export class NoLeaderError extends OperatingError {
  override readonly name = "NoLeaderError";
  override readonly code = "QUORATE_NO_LEADER";
  override readonly retry = "elsewhere";
  override readonly outcome = "not-applied";

  constructor(waitedMs: number) {
    super(
      `no leader within ${Math.round(waitedMs)} ms: a majority of the members is not reachable from here; nothing was applied; try again, or another node`,
    );
  }
}

/** A bound on work in flight is reached; the request was certainly not appended. */
export class BusyError extends OperatingError {
  override readonly name = "BusyError";
  override readonly code = "QUORATE_BUSY";
  override readonly retry = "now";
  override readonly outcome = "not-applied";

  constructor() {
    super(
      "too much is waiting to be agreed on; nothing was applied; try again in a moment, with fewer requests at once",
    );
  }
}

/** One request is larger than the log takes. */
export class TooLargeError extends OperatingError {
  override readonly name = "TooLargeError";
  override readonly code = "QUORATE_TOO_LARGE";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly bytes: number;
  readonly bytesMax: number;

  constructor(bytes: number, bytesMax: number) {
    super(`the request has ${bytes} bytes, the limit is ${bytesMax}; nothing was applied; make it smaller`);
    this.bytes = bytes;
    this.bytesMax = bytesMax;
  }
}

/** The request was sent on its way and its fate is not known: it may be applied, or may still come to be. */
export class OutcomeUnknownError extends OperatingError {
  override readonly name = "OutcomeUnknownError";
  override readonly code = "QUORATE_OUTCOME_UNKNOWN";
  override readonly retry = "now";
  override readonly outcome = "unknown";

  constructor(waitedMs: number, options?: { cause?: unknown }) {
    super(
      `no answer within ${Math.round(waitedMs)} ms: the request may or may not have been applied, now or later; retry with the same idempotency key, which applies it at most once`,
      options,
    );
  }
}

/** The record that would tell a repeat from a first try is gone; the request was not applied by this try. */
export class RequestExpiredError extends OperatingError {
  override readonly name = "RequestExpiredError";
  override readonly code = "QUORATE_REQUEST_EXPIRED";
  override readonly retry = "never";
  override readonly outcome = "unknown";

  constructor() {
    super(
      "the request is too old to tell whether an earlier try was applied; this try was not; read the state before you decide",
    );
  }
}

/** An idempotency key came again with another request. */
export class KeyReusedError extends OperatingError {
  override readonly name = "KeyReusedError";
  override readonly code = "QUORATE_KEY_REUSED";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor() {
    super(
      "this idempotency key was used for a different request; nothing was applied; use a new key for a new request",
    );
  }
}

/** The machine's `apply` threw: the command took its place in the order, and failed there, on every node. */
export class CommandFailedError extends OperatingError {
  override readonly name = "CommandFailedError";
  override readonly code = "QUORATE_COMMAND_FAILED";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor(reason: string) {
    super(`the machine refused the command: ${reason}`);
  }
}

/** Only the leader can do this; `leader` is who leads as far as is known here. */
export class NotLeaderError extends OperatingError {
  override readonly name = "NotLeaderError";
  override readonly code = "QUORATE_NOT_LEADER";
  override readonly retry = "elsewhere";
  override readonly outcome = "not-applied";
  readonly leader: string | undefined;

  constructor(leader: string | undefined) {
    super(
      leader === undefined
        ? "only the leader can do this, and no leader is known here; nothing was changed; try again, or another node"
        : `only the leader can do this, and that is ${leader}; nothing was changed; ask there`,
    );
    this.leader = leader;
  }
}

/** Another change of the membership is under way, or the leader is too new for one. */
export class ChangeUnderWayError extends OperatingError {
  override readonly name = "ChangeUnderWayError";
  override readonly code = "QUORATE_CHANGE_UNDER_WAY";
  override readonly retry = "now";
  override readonly outcome = "not-applied";

  constructor() {
    super("the membership is being changed already, and changes come one at a time; nothing was changed; try again");
  }
}

/** A member has not caught up with the leader, and must before it votes or leads. */
export class BehindError extends OperatingError {
  override readonly name = "BehindError";
  override readonly code = "QUORATE_BEHIND";
  override readonly retry = "now";
  override readonly outcome = "not-applied";

  constructor() {
    super("the member has not caught up with the leader yet; nothing was changed; try again when it has");
  }
}

/** A member runs an older release, or is held back, and does not know what was asked for. */
export class UnsupportedError extends OperatingError {
  override readonly name = "UnsupportedError";
  override readonly code = "QUORATE_UNSUPPORTED";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly members: readonly string[];

  constructor(members: readonly string[]) {
    const who = members.length === 0 ? "not every member" : `not yet ${members.join(", ")}`;
    super(`every member must know how to do this, and ${who} does; nothing was changed; upgrade all members first`);
    this.members = members;
  }
}

/** A change of the membership that cannot be. */
export class InvalidChangeError extends OperatingError {
  override readonly name = "InvalidChangeError";
  override readonly code = "QUORATE_INVALID_CHANGE";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor(problem: string) {
    super(`this change cannot be made: ${problem}; nothing was changed`);
  }
}

/** Leadership was not handed over in time: this member leads on. */
export class TransferFailedError extends OperatingError {
  override readonly name = "TransferFailedError";
  override readonly code = "QUORATE_TRANSFER_FAILED";
  override readonly retry = "now";
  override readonly outcome = "not-applied";

  constructor() {
    super(
      "leadership was not taken over within an election timeout, so this member leads on; try again, or another one",
    );
  }
}

/** This node takes no part in its cluster any more. */
export class RemovedError extends OperatingError {
  override readonly name = "RemovedError";
  override readonly code = "QUORATE_REMOVED";
  override readonly retry = "elsewhere";
  override readonly outcome = "not-applied";

  constructor(id: string) {
    super(`${id} was removed from the cluster, and takes no part any more; nothing was applied; ask another node`);
  }
}

/** There is no room left to store anything. */
export class DiskFullError extends OperatingError {
  override readonly name = "DiskFullError";
  override readonly code = "QUORATE_DISK_FULL";
  override readonly retry = "elsewhere";
  override readonly outcome = "not-applied";

  constructor(where: string, options?: { cause?: unknown }) {
    super(
      `no room left in ${where}; nothing acknowledged is lost; free some space, and the node goes on by itself`,
      options,
    );
  }
}

/** Stored bytes are not what was written. The node must not run on them. */
export class CorruptionError extends OperatingError {
  override readonly name = "CorruptionError";
  override readonly code = "QUORATE_CORRUPTION";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly file: string;
  readonly offset: number;
  readonly problem: string;

  constructor(file: string, offset: number, problem: string, options?: { cause?: unknown }) {
    super(
      `${file} is damaged at byte ${offset}: ${problem}; the node does not start on damaged data; if the other members have a leader, replace it as docs/operating.md says, otherwise keep the directory`,
      options,
    );
    this.file = file;
    this.offset = offset;
    this.problem = problem;
  }
}

/** Storage failed in a way that leaves unknown what is durable. The process stops; a restart reads what is there. */
export class StorageFailedError extends OperatingError {
  override readonly name = "StorageFailedError";
  override readonly code = "QUORATE_STORAGE_FAILED";
  override readonly retry = "elsewhere";
  override readonly outcome = "unknown";

  constructor(where: string, options?: { cause?: unknown }) {
    super(
      `storing in ${where} failed, and what reached the disk is unknown; the node stops; check the disk, then restart it`,
      options,
    );
  }
}

/** Another process uses the data directory. */
export class DirectoryLockedError extends OperatingError {
  override readonly name = "DirectoryLockedError";
  override readonly code = "QUORATE_DIRECTORY_LOCKED";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor(directory: string, holder: string) {
    super(
      `${directory} is in use by ${holder}; two processes on one directory would destroy it; stop that one, or use another directory`,
    );
  }
}

/** The data directory belongs to another node or cluster, or was written by a release this one cannot read. */
export class WrongDirectoryError extends OperatingError {
  override readonly name = "WrongDirectoryError";
  override readonly code = "QUORATE_WRONG_DIRECTORY";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly directory: string;
  readonly problem: string;

  constructor(directory: string, problem: string) {
    super(`${directory} ${problem}; nothing was changed; check --data-dir, --id and --cluster-id`);
    this.directory = directory;
    this.problem = problem;
  }
}

/** A file is no backup that can be used: cut short, damaged, or of a later release. */
export class BackupError extends OperatingError {
  override readonly name = "BackupError";
  override readonly code = "QUORATE_BAD_BACKUP";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly file: string;

  constructor(file: string, problem: string, options?: { cause?: unknown }) {
    super(`${file} cannot be used as a backup: ${problem}; nothing was changed; use another one`, options);
    this.file = file;
  }
}

/** The address to listen on is taken. */
export class AddressInUseError extends OperatingError {
  override readonly name = "AddressInUseError";
  override readonly code = "QUORATE_ADDRESS_IN_USE";
  override readonly retry = "never";
  override readonly outcome = "not-applied";

  constructor(address: string, options?: { cause?: unknown }) {
    super(`${address} is taken by another process; stop it, or choose another port`, options);
  }
}

/** The node was closed while the request waited. */
export class ClosedError extends OperatingError {
  override readonly name = "ClosedError";
  override readonly code = "QUORATE_CLOSED";
  override readonly retry: Retry = "elsewhere";
  override readonly outcome: Outcome;

  constructor(outcome: Outcome, options?: { cause?: unknown }) {
    super(
      outcome === "unknown"
        ? "the node was closed before an answer came: the request may or may not have been applied; ask another node, with the same key"
        : "the node is closed; nothing was applied; ask another node",
      options,
    );
    this.outcome = outcome;
  }
}

/** The caller's signal ended the wait. */
export class AbortedError extends OperatingError {
  override readonly name = "AbortError";
  override readonly code = "QUORATE_ABORTED";
  override readonly retry = "now";
  override readonly outcome: Outcome;

  constructor(outcome: Outcome, options?: { cause?: unknown }) {
    super(
      outcome === "unknown"
        ? "the wait was given up: the request may or may not have been applied, now or later; retry with the same idempotency key"
        : "the wait was given up; nothing was applied",
      options,
    );
    this.outcome = outcome;
  }
}
