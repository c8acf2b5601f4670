import { dirname, join } from "node:path";
import { ByteReader, type Bytes, isSameBytes } from "../../base/bytes.ts";
import { CorruptionError, WrongDirectoryError } from "../errors.ts";
import type { EngineStats, ScanAsk } from "./ask.ts";
import type { Database } from "./database.ts";
import { databaseVersion, dataFileName, formatKey } from "./keys.ts";
import { DatabaseFile, type StoredValue } from "./pages.ts";
import type { Pair } from "./pairs.ts";
import { unseal } from "./seal.ts";

/**
 * Checks all pages of a database, and its format; values are checked when they are read. Throws `CorruptionError`, and
 * `WrongDirectoryError` for a format of a later release.
 */
export function checkDatabase(directory: string): void {
  const file = DatabaseFile.open(join(directory, dataFileName));
  try {
    let format: StoredValue | undefined;
    for (const value of file.values()) if (isSameBytes(value.key, formatKey)) format = value;
    file.checkFree();
    checkFormat(file, format);
  } finally {
    file.close();
  }
}

/**
 * A database as it lies on the disk, only read, without LMDB: so that data are never hostage to a package.
 *
 * All pages are checked when it is opened, a value when it is read. What is to be changed stays as it is.
 */
export class FileDatabase implements Database {
  readonly path: string;
  readonly stats: EngineStats;
  readonly #file: DatabaseFile;
  readonly #values: readonly StoredValue[]; // in the order of their keys

  private constructor(file: DatabaseFile) {
    this.path = file.path;
    this.#file = file;
    this.#values = [...file.values()].map((value) => ({ ...value, key: value.key.slice() })); // lets go of the pages
    file.checkFree();
    this.stats = { bytes: file.bytes, syncs: 0 };
    checkFormat(
      file,
      this.#values.find(({ key }) => isSameBytes(key, formatKey)),
    );
  }

  /** Throws what `checkDatabase` throws. */
  static open(directory: string): FileDatabase {
    const file = DatabaseFile.open(join(directory, dataFileName));
    try {
      return new FileDatabase(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async commit(): Promise<number> {
    return 0;
  }

  async scan({ from, before, floor, countMax, bytesMax }: Omit<ScanAsk, "kind">): Promise<readonly Pair[]> {
    const pairs: Pair[] = [];
    let bytes = 0;
    for (let at = this.#placeOf(from, floor === true); at < this.#values.length; at++) {
      const stored = this.#values[at];
      if (stored === undefined || Buffer.compare(stored.key, before) >= 0) break;
      const value = readValue(this.#file, stored);
      pairs.push({ key: stored.key, value });
      bytes += value.length;
      if (pairs.length >= (countMax ?? pairs.length + 1) || bytes >= (bytesMax ?? bytes + 1)) break;
    }
    return pairs;
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  /** Where the first key at or after `key` is; with `floor`, the last one at or before it. */
  #placeOf(key: Bytes, floor: boolean): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(this.#values[middle]?.key ?? key, key) < 0) low = middle + 1;
      else high = middle;
    }
    const found = this.#values[low];
    const isExact = found !== undefined && isSameBytes(found.key, key);
    return floor && !isExact && low > 0 ? low - 1 : low;
  }
}

function readValue(file: DatabaseFile, stored: StoredValue): Bytes {
  const value = unseal(stored.key, file.read(stored));
  if (value === undefined) throw new CorruptionError(file.path, stored.offset, "its checksum does not fit");
  return value;
}

function checkFormat(file: DatabaseFile, stored: StoredValue | undefined): void {
  if (stored === undefined) throw new CorruptionError(file.path, 0, "its format is missing");
  const version = new ByteReader(readValue(file, stored)).varint();
  if (version === databaseVersion) return;
  const problem = `holds a database of format ${version}, and this release reads format ${databaseVersion}`;
  throw new WrongDirectoryError(dirname(file.path), problem);
}
