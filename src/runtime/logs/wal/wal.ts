import type { Bytes } from "../../../base/bytes.ts";
import { invariant } from "../../../base/invariant.ts";
import {
  ClosedError,
  CorruptionError,
  DiskFullError,
  OptionError,
  StorageFailedError,
  TooLargeError,
} from "../../errors.ts";
import { errorCode, type Files, isDiskFull, type OpenFile, storageError, systemFiles } from "../../files.ts";
import { Contents } from "../contents.ts";
import { checkRecord, holdsSpan, type Log, type LogRecord, type LogSpan, type LogStats } from "../log.ts";
import type { PositionRow } from "../position-index.ts";
import { decodeRecords, encodeRecords } from "../record.ts";
import { frameSectors, openHead, openPayload, sealFrame, sectorBytes } from "./frame.ts";
import { packPlace, placeOf } from "./place.ts";
import { type Recovered, recoverSegments } from "./recovery.ts";
import { readSectors } from "./scan.ts";
import { makeSegment, type Segment } from "./segment.ts";

/** Where and how a write-ahead log is kept. */
export interface WalOptions {
  /** Where the segments lie; made if missing. Nothing else may write there: see `openDirectory`. */
  readonly directory: string;
  /** Size that segments grow to, 64 KiB to 1 GiB. Default 16 MiB; the first ones are smaller. */
  readonly segmentBytesMax?: number;
  /** Told what an operator should know: a torn tail that was cut off. */
  readonly notice?: (text: string) => void;
  readonly files?: Files;
}

/** Most bytes that one `append` stores; more is a `TooLargeError`. */
const appendBytesMax: number = 64 * 1024 * 1024;

const segmentBytesLeast = 64 * 1024;
const firstSegmentBytes = 256 * 1024;
const segmentGrowth = 4;
const readBytesMax = 1024 * 1024; // of one read from the disk, unless a frame is larger

/** Opens the write-ahead log in a directory. `recover` reads it. Throws `OptionError`. */
export async function openWal(options: WalOptions): Promise<Log> {
  const { directory, segmentBytesMax = 16 * 1024 * 1024, notice = () => {}, files = systemFiles } = options;
  if (!(segmentBytesMax >= segmentBytesLeast && segmentBytesMax <= 1024 ** 3)) {
    throw new OptionError("segmentBytesMax", `must be ${segmentBytesLeast} to ${1024 ** 3} bytes`);
  }
  await files.makeDirectory(directory);
  return new Wal({ directory, segmentBytesMax, notice, files });
}

/** Where the next frame goes. */
interface Head {
  readonly segment: Segment;
  readonly file: OpenFile;
  offset: number;
}

/**
 * A log in segmented files, one frame and one disk write an `append`.
 *
 * Segments are made full size ahead of their use, so that an append changes no length and needs one synchronous write.
 * The next one is made while the one in use fills up; old ones are removed from the front when nothing in them is
 * needed.
 */
class Wal implements Log {
  readonly #options: Required<WalOptions>;
  readonly #contents = new Contents();
  readonly #segments: Segment[] = []; // oldest first, up to the one in use
  readonly #spares: Segment[] = []; // made and empty, to be used next
  #head: Head | undefined; // set once recovered
  #sequence = 1;
  #syncs = 0;
  #state: "new" | "recovering" | "ready" | "appending" | "closed" = "new";
  #failure: Error | undefined;
  #isScarce = false; // the disk was found full: segments are made as small as they go
  #isAhead = false; // the next segment was made or tried ahead
  #making: Promise<void> | undefined;
  #removing: Promise<void> | undefined;

  constructor(options: Required<WalOptions>) {
    this.#options = options;
  }

  async *recover(): AsyncGenerator<LogRecord, void> {
    invariant(this.#state === "new", "a log is recovered once");
    this.#state = "recovering";
    try {
      yield* this.#recover();
    } catch (error) {
      throw this.#failed(error);
    }
    this.#state = "ready";
  }

  async *#recover(): AsyncGenerator<LogRecord, void> {
    const { files, directory, notice } = this.#options;
    let recovered: Recovered | undefined;
    const frames = recoverSegments(files, directory, notice, (found) => {
      recovered = found;
    });
    for await (const { segment, sector, sectors, records } of frames) {
      for (const [ordinal, record] of records.entries()) {
        this.#contents.put(record, segment, ...packPlace({ segment: segment.number, sector, sectors, ordinal }));
        yield record;
      }
    }
    await this.#resume(recovered);
  }

  /** Goes on where the log was found to end. */
  async #resume(recovered: Recovered | undefined): Promise<void> {
    invariant(recovered !== undefined, "a recovery that ends says what it found");
    const { segments, active, offset, sequence } = recovered;
    for (const segment of segments) {
      if (active !== undefined && segment.number <= active.number) this.#segments.push(segment);
      else this.#spares.push(segment);
    }
    this.#sequence = sequence;
    this.#syncs++;
    if (active === undefined) await this.#useNext();
    else this.#head = { segment: active, file: await this.#options.files.open(active.path, "update"), offset };
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#check();
    invariant(this.#state === "ready", "appends follow a complete recovery, one at a time");
    for (const record of records) checkRecord(record);
    if (records.length === 0) return;
    this.#state = "appending";
    try {
      await this.#append(records);
    } catch (error) {
      throw this.#failed(error);
    } finally {
      if (this.#state === "appending") this.#state = "ready";
    }
    this.#tidy();
  }

  async read(group: number, from: number, bytesMax: number): Promise<readonly LogSpan[]> {
    this.#check();
    return await this.#contents.spans({ group, from, bytesMax }, (rows, next) => this.#readStretch(rows, next));
  }

  stats(): LogStats {
    const all = [...this.#segments, ...this.#spares];
    return { files: all.length, bytes: all.reduce((sum, { capacity }) => sum + capacity, 0), syncs: this.#syncs };
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await Promise.all([this.#making, this.#removing]);
    await this.#head?.file.close();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "closed") throw new ClosedError("not-applied");
    invariant(this.#state !== "new" && this.#state !== "recovering", "a log is recovered before it is used");
  }

  /** What to reject with; all but a full disk is final, since nobody knows what is durable. */
  #failed(error: unknown): Error {
    const failure = this.#failure ?? storageError(error, this.#options.directory);
    if (!(failure instanceof DiskFullError || failure instanceof TooLargeError)) this.#failure = failure;
    return failure;
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    let payload = encode(records);
    if (this.#head === undefined || !fits(this.#head, payload)) await this.#useNext();
    const head = this.#head;
    invariant(head !== undefined, "a segment is in use after the change");
    const repeated = head.offset === sectorBytes ? [...this.#contents.latest] : [];
    if (repeated.length > 0) payload = encode([...repeated, ...records]);
    const frame = sealFrame(this.#sequence, payload);
    await this.#write(head, frame);
    const place = {
      segment: head.segment.number,
      sector: head.offset / sectorBytes,
      sectors: frame.length / sectorBytes,
    };
    for (const [at, record] of records.entries()) {
      this.#contents.put(record, head.segment, ...packPlace({ ...place, ordinal: repeated.length + at }));
    }
    this.#sequence++;
    head.offset += frame.length;
    head.segment.capacity = Math.max(head.segment.capacity, head.offset);
  }

  /** Writes a frame, or nothing of it when the disk is full. */
  async #write(head: Head, frame: Bytes): Promise<void> {
    this.#syncs++;
    try {
      await head.file.write(frame, head.offset);
    } catch (error) {
      if (isDiskFull(error)) await cutBack(head);
      throw error;
    }
  }

  /** Turns to the next segment, which is most often already made. */
  async #useNext(): Promise<void> {
    const { files, directory } = this.#options;
    await this.#making;
    if (this.#spares.length === 0) await this.#makeNext();
    const segment = this.#spares[0];
    if (segment === undefined) throw new DiskFullError(directory);
    const file = await files.open(segment.path, "update");
    this.#spares.shift();
    this.#segments.push(segment);
    this.#isAhead = false;
    const previous = this.#head;
    this.#head = { segment, file, offset: sectorBytes };
    await previous?.file.close();
  }

  /** Makes the segment after the last: in full size, or while the disk is nearly full in the least. */
  async #makeNext(): Promise<void> {
    const { files, directory, segmentBytesMax } = this.#options;
    const last = this.#segments.at(-1);
    const number = (last?.number ?? 0) + 1;
    const wanted = last === undefined ? firstSegmentBytes : Math.max(last.capacity, segmentBytesLeast) * segmentGrowth;
    this.#syncs++;
    for (;;) {
      const bytes = this.#isScarce ? segmentBytesLeast : Math.min(wanted, segmentBytesMax);
      try {
        this.#spares.push(await makeSegment(files, directory, number, bytes));
        this.#isScarce = false;
        return;
      } catch (error) {
        if (!isDiskFull(error) || this.#isScarce) throw error;
        this.#isScarce = true;
      }
    }
  }

  /** Starts what is not to be waited for: making the next segment, removing old ones. */
  #tidy(): void {
    const head = this.#head;
    if (!this.#isAhead && this.#spares.length === 0 && head !== undefined && head.offset > head.segment.capacity / 2) {
      this.#isAhead = true;
      this.#making = this.#makeNext()
        .catch((error) => {
          // With a full disk, the append that needs the segment tries again.
          if (!isDiskFull(error)) this.#failed(error);
        })
        .finally(() => {
          this.#making = undefined;
        });
    }
    this.#removing ??= this.#removeOld()
      .catch((error) => void this.#failed(error))
      .finally(() => {
        this.#removing = undefined;
      });
  }

  /** Removes segments from the front, one by one, so that after a crash the rest is without a gap. */
  async #removeOld(): Promise<void> {
    const { files, directory } = this.#options;
    for (;;) {
      const oldest = this.#segments[0];
      if (oldest === undefined || this.#segments.length < 2) return;
      if (this.#head?.offset === sectorBytes || !this.#contents.isDroppable(oldest)) return;
      await files.remove(oldest.path);
      await files.syncDirectory(directory);
      this.#syncs++;
      this.#segments.shift();
    }
  }

  /** The spans of rows that lie near each other in one segment, from row `next` on, with one read from the disk. */
  async #readStretch(rows: readonly PositionRow[], next: number): Promise<readonly LogSpan[]> {
    const stretch = stretchFrom(rows, next);
    const segment = this.#segments.find(({ number }) => number === stretch.segment);
    if (segment === undefined) return [];
    const bytes = await this.#readBytes(segment, stretch.sector * sectorBytes, stretch.sectors * sectorBytes);
    if (bytes === undefined) return [];
    const spans: LogSpan[] = [];
    let sector = -1;
    let records: readonly LogRecord[] = [];
    for (const row of stretch.rows) {
      const place = placeOf(row);
      if (place.sector !== sector) records = openFrame(bytes, (place.sector - stretch.sector) * sectorBytes);
      sector = place.sector;
      const record = records[place.ordinal];
      if (!holdsSpan(record, row.first, row.last)) {
        throw new CorruptionError(segment.path, place.sector * sectorBytes, "a frame changed since it was written");
      }
      spans.push({ record, first: row.first, last: row.last });
    }
    return spans;
  }

  async #readBytes(segment: Segment, offset: number, length: number): Promise<Buffer | undefined> {
    try {
      const file = await this.#options.files.open(segment.path, "read");
      try {
        return await readSectors(file, offset, length);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined; // removed, as all of it was dropped
      throw storageError(error, segment.path);
    }
  }
}

/** Takes back what was written of a frame; its segment ends there, and the next append goes to another one. */
async function cutBack({ file, segment, offset }: Head): Promise<void> {
  try {
    await file.truncate(offset);
  } catch (cause) {
    throw new StorageFailedError(segment.path, { cause });
  }
  segment.capacity = offset;
}

function encode(records: readonly LogRecord[]): Bytes {
  const bytes = records.reduce((sum, record) => sum + record.bytes.length + 32, 0);
  if (bytes > appendBytesMax) throw new TooLargeError(bytes, appendBytesMax);
  return encodeRecords(records, bytes);
}

/**
 * Whether a frame with this payload goes into the segment in use: the first one always does, and makes the file longer
 * if need be.
 */
function fits({ segment, offset }: Head, payload: Bytes): boolean {
  if (offset === sectorBytes && segment.capacity > sectorBytes) return true;
  return offset + frameSectors(payload.length) * sectorBytes <= segment.capacity;
}

/** The records of the frame at `at`; none if it is not intact. */
function openFrame(bytes: Buffer, at: number): readonly LogRecord[] {
  const head = openHead(bytes, at);
  if (head === undefined || at + head.sectors * sectorBytes > bytes.length) return [];
  const payload = openPayload(bytes, at, head);
  return payload === undefined ? [] : decodeRecords(payload);
}

/** The rows from `next` on that lie in one segment, in order, not further apart than one read goes. */
function stretchFrom(
  rows: readonly PositionRow[],
  next: number,
): {
  readonly segment: number;
  readonly sector: number;
  readonly sectors: number;
  readonly rows: readonly PositionRow[];
} {
  const first = rows[next];
  invariant(first !== undefined, "a stretch has a first row");
  const { segment, sector, sectors } = placeOf(first);
  let end = sector + sectors;
  let count = 1;
  for (let row = rows[next + count]; row !== undefined; row = rows[next + count]) {
    const place = placeOf(row);
    const reach = place.sector + place.sectors;
    if (place.segment !== segment || place.sector < sector || (reach - sector) * sectorBytes > readBytesMax) break;
    end = Math.max(end, reach);
    count++;
  }
  return { segment, sector, sectors: end - sector, rows: rows.slice(next, next + count) };
}
