import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Bytes } from "../../base/bytes.ts";
import { CorruptionError, WrongDirectoryError } from "../errors.ts";

/** One stored value, and where it lies in the file. */
export interface StoredValue {
  readonly key: Bytes;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What the pages of a sound database are used for. */
export interface PageCounts {
  readonly pages: number;
  readonly used: number;
  readonly free: number;
  /** In no tree and in no list of free pages: lost, and harmless. */
  readonly lost: number;
}

/** The format of LMDB's own pages that this reads: that of the `lmdb` package 3. */
const dataVersion = 2;

const magic = 0xbeefc0de;
const headerBytes = 24; // of a page: number, transaction, padding, flags, two bounds or a count of pages
const nodeHeaderBytes = 8;
const overflowBytes = 24; // of what a leaf says of a value on pages of its own: page, transaction, count
const noPage = 2 ** 64;
const metaPages = 2;
const depthMax = 32;
const flag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;
const nodeOnOverflow = 1;
const integerKeys = 8;

/** What a meta page says of one tree. */
interface Tree {
  readonly name: "main" | "free";
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number;
}

interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly mapBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
}

interface Bounds {
  readonly low: Bytes | undefined;
  readonly high: Bytes | undefined;
}

/**
 * Reads the file of an LMDB database, without LMDB, trusting nothing in it.
 *
 * LMDB keeps no checksums, and follows a damaged page wherever it leads: into a crash, or to pages of the past. So the
 * file is checked before LMDB opens it: the two meta pages, each page of both trees (its number, its bounds, the order
 * of its keys, that it is newer than what it leads to), the counts, and that no page is used twice or used and free.
 * Together with a checksum of each value that leaves no byte whose change goes unnoticed and matters. While it is read,
 * nobody may write to it.
 */
export class DatabaseFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #meta: Meta;
  readonly #size: number; // the last pages may be missing if they are free
  readonly #seen: Uint8Array; // a bit for each page
  #branchPages = 0;
  #leafPages = 0;
  #overflowPages = 0;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#meta = this.#readMeta();
    this.#size = fstatSync(descriptor).size;
    this.#seen = new Uint8Array(Math.ceil((this.#meta.lastPage + 1) / 8));
    for (let page = 0; page < metaPages; page++) this.#claim(page, 0);
  }

  /** Throws `CorruptionError`, or `WrongDirectoryError` for a format of another version of LMDB. */
  static open(path: string): DatabaseFile {
    const descriptor = openSync(path, "r");
    try {
      return new DatabaseFile(path, descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** The number of the newest transaction. */
  get transaction(): number {
    return this.#meta.transaction;
  }

  /** Size of what is in use or free, in bytes. The file may be longer. */
  get bytes(): number {
    return (this.#meta.lastPage + 1) * this.#meta.pageBytes;
  }

  /** Every stored value in the order of the keys; a page is checked before anything on it is given. Once. */
  *values(): Generator<StoredValue, void> {
    yield* this.#walkTree(this.#meta.main);
  }

  /** Checks all that `values`, read to the end, has not: what the free pages are. */
  checkFree(): PageCounts {
    const used = () => this.#seen.reduce((sum, byte) => sum + bitCount(byte), 0);
    let free = 0;
    for (const { offset, bytes, key } of this.#walkTree(this.#meta.free)) {
      if (readNumber(key, 0) > this.#meta.transaction) throw this.#damaged(offset, "pages freed in the future");
      free += this.#claimFree(offset, bytes);
    }
    const pages = this.#meta.lastPage + 1;
    return { pages, free, used: used() - free, lost: pages - used() };
  }

  read({ offset, bytes }: StoredValue): Bytes {
    return this.#bytes(offset, bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #readMeta(): Meta {
    const first = this.#readMetaAt(0, 0);
    const second = this.#readMetaAt(1, first.pageBytes);
    const [older, newer] = first.transaction > second.transaction ? [second, first] : [first, second];
    const isFresh = older.transaction === 0 && newer.transaction === 0;
    // Transaction n is written to page n % 2, and never one without the one before.
    const isNext = newer.transaction === older.transaction + 1 && newer.transaction % 2 === (newer === first ? 0 : 1);
    if (!isFresh && !isNext) throw this.#damaged(0, "its two meta pages are not of one transaction and the next");
    if (first.pageBytes !== second.pageBytes) throw this.#damaged(0, "its two meta pages differ in the size of a page");
    return newer;
  }

  #readMetaAt(page: number, offset: number): Meta {
    const bytes = this.#bytes(offset, headerBytes + 144);
    const at = headerBytes;
    if (bytes.readUInt32LE(at) !== magic) throw this.#damaged(offset, "it is no LMDB database");
    const version = bytes.readUInt32LE(at + 4);
    if (version !== dataVersion) {
      throw new WrongDirectoryError(
        this.path,
        `holds pages of LMDB's format ${version}, and this release reads ${dataVersion}`,
      );
    }
    if (readNumber(bytes, 0) !== page || bytes.readUInt16LE(18) !== flag.meta) {
      throw this.#damaged(offset, "a meta page is another page");
    }
    const pageBytes = bytes.readUInt32LE(at + 24);
    const meta: Meta = {
      pageBytes,
      mapBytes: readNumber(bytes, at + 16),
      free: readTree("free", bytes, at + 24),
      main: readTree("main", bytes, at + 72),
      lastPage: readNumber(bytes, at + 120),
      transaction: readNumber(bytes, at + 128),
    };
    const isPowerOfTwo = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
    if (!isPowerOfTwo || bytes.readUInt32LE(at + 72) !== 0)
      throw this.#damaged(offset, "the size of its pages is none");
    if (meta.free.flags !== integerKeys || meta.main.flags !== 0) throw this.#damaged(offset, "its trees are unknown");
    const isMapped = meta.mapBytes >= (meta.lastPage + 1) * pageBytes && meta.mapBytes % 4096 === 0;
    if (!isMapped || meta.mapBytes >= 2 ** 47) throw this.#damaged(offset, "its size is not one that was stored");
    return meta;
  }

  *#walkTree(tree: Tree): Generator<StoredValue, void> {
    const { transaction } = this.#meta;
    this.#branchPages = this.#leafPages = this.#overflowPages = 0;
    let entries = 0;
    if (tree.root !== noPage) {
      if (tree.depth < 1 || tree.depth > depthMax) throw this.#damaged(0, `the ${tree.name} tree is too deep`);
      const bounds = { low: undefined, high: undefined };
      for (const value of this.#walk(tree, tree.root, tree.depth, bounds, transaction)) {
        entries++;
        yield value;
      }
    }
    const fits =
      entries === tree.entries &&
      this.#branchPages === tree.branchPages &&
      this.#leafPages === tree.leafPages &&
      this.#overflowPages === tree.overflowPages;
    if (!fits) throw this.#damaged(0, `the ${tree.name} tree holds ${entries} values, and not what was counted`);
  }

  /** A page, `depth` - 1 levels above the leaves, and all below it. */
  *#walk(tree: Tree, page: number, depth: number, bounds: Bounds, newest: number): Generator<StoredValue, void> {
    const offset = page * this.#meta.pageBytes;
    const bytes = this.#readPage(page, 1, depth === 1 ? flag.leaf : flag.branch, newest);
    const transaction = readNumber(bytes, 8);
    if (depth === 1) this.#leafPages++;
    else this.#branchPages++;
    const nodes = [...this.#nodes(bytes, offset, depth === 1)];
    const keys = nodes.map(({ key }) => key);
    for (const [at, { key, start, size }] of nodes.entries()) {
      const low = at === 0 && depth > 1 ? bounds.low : key; // the first key of a branch page says nothing
      const high = keys[at + 1] ?? bounds.high;
      this.#checkOrder(tree, offset, at === 0 ? bounds.low : undefined, low, high);
      if (depth > 1) yield* this.#walk(tree, childOf(bytes, start), depth - 1, { low, high }, transaction);
      else yield this.#value(bytes, offset, { key, start, size }, transaction);
    }
  }

  #checkOrder(tree: Tree, offset: number, least: Bytes | undefined, low?: Bytes, high?: Bytes): void {
    const compare = tree.name === "free" ? compareIntegers : Buffer.compare;
    if (tree.name === "free" && low !== undefined && low.length !== 8)
      throw this.#damaged(offset, "a key is too short");
    const isAbove = least === undefined || low === undefined || compare(least, low) <= 0;
    const isBelow = low === undefined || high === undefined || compare(low, high) < 0;
    if (!isAbove || !isBelow) throw this.#damaged(offset, "keys are not in their order");
  }

  /** The nodes of a page: they lie close together at its end, in any order. */
  *#nodes(bytes: Buffer, offset: number, isLeaf: boolean): Generator<{ key: Bytes; start: number; size: number }> {
    const lower = bytes.readUInt16LE(20);
    const upper = bytes.readUInt16LE(22);
    const room = bytes.length - headerBytes;
    const count = lower / 2;
    if (lower % 2 !== 0 || lower > upper || upper > room || count < 1)
      throw this.#damaged(offset, "its bounds are off");
    let used = 0;
    for (let at = 0; at < count; at++) {
      const place = bytes.readUInt16LE(headerBytes + 2 * at);
      const start = headerBytes + place;
      if (place < upper || place + nodeHeaderBytes > room) throw this.#damaged(offset, "a node lies outside");
      const keyBytes = bytes.readUInt16LE(start + 6);
      const isElsewhere = isLeaf && bytes.readUInt16LE(start + 4) === nodeOnOverflow;
      const dataBytes = !isLeaf ? 0 : isElsewhere ? overflowBytes : bytes.readUInt32LE(start);
      const size = nodeHeaderBytes + keyBytes + dataBytes;
      if (place + size > room) throw this.#damaged(offset, "a node goes beyond its page");
      used += size + (size % 2);
      yield { key: bytes.subarray(start + nodeHeaderBytes, start + nodeHeaderBytes + keyBytes), start, size };
    }
    if (used !== room - upper) throw this.#damaged(offset, "its nodes overlap, or leave gaps");
  }

  #value(
    bytes: Buffer,
    offset: number,
    { key, start, size }: { readonly key: Bytes; readonly start: number; readonly size: number },
    newest: number,
  ): StoredValue {
    const flags = bytes.readUInt16LE(start + 4);
    const count = bytes.readUInt32LE(start);
    const data = start + nodeHeaderBytes + key.length;
    if (flags === 0) return { key, offset: offset + start + size - count, bytes: count };
    if (flags !== nodeOnOverflow) throw this.#damaged(offset + start, "a node is of an unknown kind");
    const page = readNumber(bytes, data);
    const pages = readNumber(bytes, data + 16);
    if (pages !== Math.ceil((headerBytes + count) / this.#meta.pageBytes)) {
      throw this.#damaged(offset + start, "a value has more or fewer pages than it needs");
    }
    const head = this.#readPage(page, pages, flag.overflow, newest);
    if (head.readUInt32LE(20) !== pages)
      throw this.#damaged(page * this.#meta.pageBytes, "its pages were counted wrong");
    this.#overflowPages += pages;
    return { key, offset: page * this.#meta.pageBytes + headerBytes, bytes: count };
  }

  /** A page, claimed for good with those after it that go with it. */
  #readPage(page: number, count: number, kind: number, newest: number): Buffer {
    const { pageBytes, lastPage } = this.#meta;
    const offset = page * pageBytes;
    if (!(page >= metaPages && page + count - 1 <= lastPage)) throw this.#damaged(0, `page ${page} does not exist`);
    if (offset + count * pageBytes > this.#size) throw this.#damaged(this.#size, "it ends too early");
    for (let at = page; at < page + count; at++) this.#claim(at, offset);
    const bytes = this.#bytes(offset, pageBytes);
    if (readNumber(bytes, 0) !== page) throw this.#damaged(offset, "it is another page");
    if (bytes.readUInt16LE(18) !== kind) throw this.#damaged(offset, "it is a page of another kind");
    const transaction = readNumber(bytes, 8);
    if (transaction < 1 || transaction > newest) throw this.#damaged(offset, "it is newer than what leads to it");
    return bytes;
  }

  /** Reads a list of free pages: a count, then page numbers, each after a negative count if it is a run of pages. */
  #claimFree(offset: number, bytes: number): number {
    const list = this.#bytes(offset, bytes);
    const length = bytes >= 8 ? readNumber(list, 0) : -1;
    if (length < 0 || 8 * (length + 1) > bytes) throw this.#damaged(offset, "a list of free pages is cut short");
    let free = 0;
    for (let at = 1; at <= length; at++) {
      const entry = Number(list.readBigInt64LE(8 * at));
      if (entry === 0) continue; // a gap
      const page = entry > 0 ? entry : at < length ? Number(list.readBigInt64LE(8 * ++at)) : 0;
      const count = entry > 0 ? 1 : -entry;
      if (!(page >= metaPages && page + count - 1 <= this.#meta.lastPage)) {
        throw this.#damaged(offset + 8 * at, `page ${page} does not exist`);
      }
      for (let next = page; next < page + count; next++) this.#claim(next, offset + 8 * at);
      free += count;
    }
    return free;
  }

  #claim(page: number, offset: number): void {
    const mask = 1 << (page & 7);
    const byte = this.#seen[page >>> 3] ?? 0;
    if (byte & mask) throw this.#damaged(offset, `page ${page} is used twice`);
    this.#seen[page >>> 3] = byte | mask;
  }

  #bytes(offset: number, count: number): Buffer {
    const into = Buffer.allocUnsafeSlow(count);
    for (let read = 0; read < count; ) {
      const got = readSync(this.#descriptor, into, read, count - read, offset + read);
      if (got === 0) throw this.#damaged(offset + read, "it ends too early");
      read += got;
    }
    return into;
  }

  #damaged(offset: number, what: string): CorruptionError {
    return new CorruptionError(this.path, offset, what);
  }
}

function readTree(name: Tree["name"], bytes: Buffer, at: number): Tree {
  const field = (number: number): number => readNumber(bytes, at + 8 + 8 * number);
  return {
    name,
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: field(0),
    leafPages: field(1),
    overflowPages: field(2),
    entries: field(3),
    root: field(4),
  };
}

/** The page that a node of a branch page leads to. */
function childOf(bytes: Buffer, start: number): number {
  return bytes.readUInt32LE(start) + bytes.readUInt16LE(start + 4) * 2 ** 32;
}

/** 64 bits, little end first; exact up to 2^53, and beyond that larger than anything that a file holds. */
function readNumber(bytes: Bytes, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function compareIntegers(one: Bytes, other: Bytes): number {
  return readNumber(one, 0) - readNumber(other, 0);
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count++;
  return count;
}
