import type { Bytes } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { invariant } from "../../base/invariant.ts";
import { ClosedError, CorruptionError, TooLargeError } from "../errors.ts";
import type { Database } from "../lmdb/database.ts";
import { allOf, decodeFrame, encodeFrame, type FrameHead, frameKey, frameOf, space } from "../lmdb/keys.ts";
import { Contents, type Stretch } from "./contents.ts";
import { checkRecord, holdsSpan, type Log, type LogRecord, type LogSpan, type LogStats } from "./log.ts";
import type { PositionRow } from "./position-index.ts";
import { decodeRecords, encodeRecords } from "./record.ts";

/** Most bytes that one `append` stores; more is a `TooLargeError`. */
const appendBytesMax = 64 * 2 ** 20;

const frameBytesMax = 32 * 1024; // unless one record is larger: what one read gives at the least
const scanBytes = 2 ** 20;
const blockMax = { frames: 256, bytes: 8 * 2 ** 20 } as const; // what is dropped as a whole
const blocksDroppedMax = 4; // by one append

/** Frames that are dropped together. The first one begins with the latest records, so that older blocks may go. */
interface Block extends Stretch {
  readonly first: number;
  frames: number;
  bytes: number;
}

/**
 * The log in a database: records in frames, the frames under numbers that go up without a gap. `recover` reads it.
 *
 * The database is its owner's to close, after the log.
 */
export function lmdbLog(database: Database): Log {
  return new LmdbLog(database);
}

class LmdbLog implements Log {
  readonly #database: Database;
  readonly #contents = new Contents();
  readonly #blocks: Block[] = []; // oldest first
  #next = 1;
  #state: "new" | "recovering" | "ready" | "appending" | "closed" = "new";

  constructor(database: Database) {
    this.#database = database;
  }

  async *recover(): AsyncGenerator<LogRecord, void> {
    invariant(this.#state === "new", "a log is recovered once");
    this.#state = "recovering";
    let head: FrameHead | undefined;
    for await (const { sequence, value } of this.#frames()) {
      const { records, ...found } = this.#decode(sequence, value);
      if (found.block === sequence) this.#blocks.push(newBlock(sequence));
      const block = this.#blocks.at(-1);
      if (block?.first !== found.block) throw this.#damaged(`frame ${found.block} is missing`);
      this.#next = sequence;
      this.#take(block, value, records, 0);
      head = found;
      yield* records;
    }
    // What was dropped is told by the newest frame: so no older one can be missing.
    const oldest = this.#blocks[0]?.first;
    if (head?.oldest !== oldest) throw this.#damaged(`frame ${head?.oldest} is missing`);
    this.#state = "ready";
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#check();
    invariant(this.#state === "ready", "appends follow a complete recovery, one at a time");
    for (const record of records) checkRecord(record);
    if (records.length === 0) return;
    const bytes = records.reduce((sum, record) => sum + record.bytes.length + 32, 0);
    if (bytes > appendBytesMax) throw new TooLargeError(bytes, appendBytesMax);
    this.#state = "appending";
    try {
      await this.#append(records);
    } finally {
      if (this.#state === "appending") this.#state = "ready";
    }
  }

  async read(group: number, from: number, bytesMax: number): Promise<readonly LogSpan[]> {
    this.#check();
    return await this.#contents.spans({ group, from, bytesMax }, (rows, next, bytes) =>
      this.#readRows(rows, next, bytes),
    );
  }

  stats(): LogStats {
    return { files: 1, ...this.#database.stats };
  }

  async close(): Promise<void> {
    this.#state = "closed";
  }

  #check(): void {
    if (this.#state === "closed") throw new ClosedError("not-applied");
    invariant(this.#state !== "new" && this.#state !== "recovering", "a log is recovered before it is used");
  }

  /** All frames as they are stored, in order; every one of them. */
  async *#frames(): AsyncGenerator<{ readonly sequence: number; readonly value: Bytes }, void> {
    let { from, before } = allOf(space.frame);
    let expected: number | undefined;
    for (;;) {
      const found = await this.#database.scan({ from, before, bytesMax: scanBytes });
      if (found.length === 0) return;
      for (const { key, value } of found) {
        const sequence = frameOf(key);
        if (sequence !== (expected ?? sequence)) throw this.#damaged(`frame ${expected} is missing`);
        yield { sequence, value };
        expected = sequence + 1;
        from = frameKey(expected);
      }
    }
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    const last = this.#blocks.at(-1);
    const isFull = last === undefined || last.frames >= blockMax.frames || last.bytes >= blockMax.bytes;
    const block = isFull ? newBlock(this.#next) : last;
    const repeated = isFull ? [...this.#contents.latest] : [];
    const dropped = this.#droppableCount();
    const head = { oldest: (this.#blocks[dropped] ?? block).first, block: block.first };
    const frames = split(records).map((part, at) => ({
      part,
      repeatedCount: at === 0 ? repeated.length : 0,
      key: frameKey(this.#next + at),
      value: encodeFrame(head, encode(at === 0 ? [...repeated, ...part] : part)),
    }));
    const { from } = allOf(space.frame);
    const removes = dropped === 0 ? [] : [{ from, before: frameKey(head.oldest) }];
    await this.#database.commit({ puts: frames, removes });
    this.#blocks.splice(0, dropped);
    if (isFull) this.#blocks.push(block);
    for (const { part, repeatedCount, value } of frames) this.#take(block, value, part, repeatedCount);
  }

  /** Takes in the next frame, which is durable. */
  #take(block: Block, value: Bytes, records: readonly LogRecord[], repeatedCount: number): void {
    for (const [at, record] of records.entries()) {
      this.#contents.put(record, block, this.#next, repeatedCount + at);
    }
    block.frames++;
    block.bytes += value.length;
    this.#next++;
  }

  /** How many of the oldest blocks are not needed any more; the newest one always is. */
  #droppableCount(): number {
    let count = 0;
    for (const block of this.#blocks.slice(0, Math.min(blocksDroppedMax, this.#blocks.length - 1))) {
      if (!this.#contents.isDroppable(block)) break;
      count++;
    }
    return count;
  }

  /** The spans of rows that lie in the frames that one read gives, from row `next` on. */
  async #readRows(rows: readonly PositionRow[], next: number, bytesMax: number): Promise<readonly LogSpan[]> {
    const placeOf = (row: number): number => rows[row]?.place ?? 0;
    let end = next + 1;
    while (placeOf(end) >= placeOf(end - 1)) end++; // positions written in another order lie elsewhere: another read
    const from = frameKey(placeOf(next));
    const before = frameKey(placeOf(end - 1) + 1);
    const found = await this.#database.scan({ from, before, bytesMax: Math.min(bytesMax, scanBytes) });
    const spans: LogSpan[] = [];
    for (const { key, value } of found) {
      const sequence = frameOf(key);
      const { records } = this.#decode(sequence, value);
      for (let row = rows[next]; row?.place === sequence; row = rows[++next]) {
        const record = records[row.part];
        if (!holdsSpan(record, row.first, row.last))
          throw this.#damaged(`frame ${sequence} changed since it was stored`);
        spans.push({ record, first: row.first, last: row.last });
      }
    }
    return spans;
  }

  #decode(sequence: number, value: Bytes): FrameHead & { readonly records: readonly LogRecord[] } {
    try {
      const frame = decodeFrame(value);
      return { ...frame, records: decodeRecords(frame.records) };
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw this.#damaged(`frame ${sequence} is intact and holds no records`, { cause });
    }
  }

  #damaged(what: string, options?: { cause?: unknown }): CorruptionError {
    return new CorruptionError(this.#database.path, 0, what, options);
  }
}

function newBlock(first: number): Block {
  return { first, pins: new Map(), frames: 0, bytes: 0 };
}

/** Cuts what is appended into frames. */
function split(records: readonly LogRecord[]): readonly (readonly LogRecord[])[] {
  const frames: LogRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    bytes += record.bytes.length;
    if (bytes > frameBytesMax) {
      frames.push([]);
      bytes = record.bytes.length;
    }
    frames.at(-1)?.push(record);
  }
  return frames;
}

function encode(records: readonly LogRecord[]): Bytes {
  return encodeRecords(
    records,
    records.reduce((sum, record) => sum + record.bytes.length + 32, 0),
  );
}
