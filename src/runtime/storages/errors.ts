import { OperatingError } from "../../base/errors.ts";

/** A package that was asked for is not installed, or cannot run on this machine. */
export class MissingPackageError extends OperatingError {
  override readonly name = "MissingPackageError";
  override readonly code = "QUORATE_MISSING_PACKAGE";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly package: string;
  readonly problem: string;

  constructor(name: string, problem: string, options?: { cause?: unknown }) {
    super(
      `storage lmdb needs the package ${name}, which ${problem}; nothing was changed; install it beside quorate with \`npm install ${name}\`, or use --storage wal`,
      options,
    );
    this.package = name;
    this.problem = problem;
  }
}

/** The data directory holds the log of another protocol than was asked for. */
export class WrongProtocolError extends OperatingError {
  override readonly name = "WrongProtocolError";
  override readonly code = "QUORATE_WRONG_PROTOCOL";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly directory: string;
  readonly stored: string;
  readonly asked: string;

  constructor(directory: string, stored: string, asked: string) {
    super(
      `${directory} holds the log of ${stored}, not of ${asked}; nothing was changed; to go on with ${stored} leave --protocol out; to change that, save the state of the cluster, which runs with ${stored}: quorate snapshot save FILE; and start a new cluster with it, on each member: quorate snapshot restore FILE --protocol ${asked} --data-dir NEW-DIRECTORY --id ID --cluster MEMBERS`,
    );
    this.directory = directory;
    this.stored = stored;
    this.asked = asked;
  }
}

/** The data directory keeps its log and snapshots in another storage than was asked for. */
export class WrongStorageError extends OperatingError {
  override readonly name = "WrongStorageError";
  override readonly code = "QUORATE_WRONG_STORAGE";
  override readonly retry = "never";
  override readonly outcome = "not-applied";
  readonly directory: string;
  readonly stored: string;
  readonly asked: string;

  constructor(directory: string, stored: string, asked: string) {
    const change = asked === "memory" ? "" : `; to change that: quorate storage convert ${directory} --to ${asked}`;
    super(
      `${directory} keeps its data in ${stored}, not in ${asked}; nothing was changed; to go on with ${stored} leave --storage out${change}`,
    );
    this.directory = directory;
    this.stored = stored;
    this.asked = asked;
  }
}
