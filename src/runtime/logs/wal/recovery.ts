import { MalformedError } from "../../../base/errors.ts";
import { CorruptionError } from "../../errors.ts";
import type { Files } from "../../files.ts";
import type { LogRecord } from "../log.ts";
import { decodeRecords } from "../record.ts";
import { sectorBytes } from "./frame.ts";
import { type FoundFrame, isBlank, scanSegment } from "./scan.ts";
import { readHeader, type Segment, segmentAt, segmentNumbers } from "./segment.ts";

/** A frame with its records and the segment it is in. */
export interface RecoveredFrame {
  readonly segment: Segment;
  readonly sector: number;
  readonly sectors: number;
  readonly records: readonly LogRecord[];
}

/** What the log was found to be. */
export interface Recovered {
  /** In order of their numbers. */
  readonly segments: readonly Segment[];
  /** The one that holds the last frame; those behind it are prepared and empty. */
  readonly active: Segment | undefined;
  /** Where the next frame goes in `active`. */
  readonly offset: number;
  readonly sequence: number;
}

/**
 * Reads a whole log in order, cutting off what a crash tore, and says through `notice` what it had to do.
 *
 * Once everything is read and its end durable, `end` is told what was found.
 */
export async function* recoverSegments(
  files: Files,
  directory: string,
  notice: (text: string) => void,
  end: (recovered: Recovered) => void,
): AsyncGenerator<RecoveredFrame, void> {
  const segments = await openSegments(files, directory, notice);
  await files.syncDirectory(directory); // a process killed while it made a segment may not have come to it
  let active = segments[0];
  let offset = sectorBytes;
  let expected = active === undefined || active.number === 1 ? 1 : undefined;
  let torn: Segment | undefined;
  for (const segment of segments) {
    const file = await files.open(segment.path, "read");
    try {
      if (torn !== undefined) {
        if (await isBlank(file, sectorBytes)) continue;
        throw new CorruptionError(torn.path, offset, `a frame is incomplete, and ${segment.path} was written after it`);
      }
      const scan = scanSegment(file, expected);
      let step = await scan.next();
      for (; !step.done; step = await scan.next()) {
        yield recoveredFrame(segment, step.value);
        expected = step.value.sequence + 1;
        active = segment;
        offset = step.value.offset + step.value.sectors * sectorBytes;
      }
      if (step.value.torn) [torn, active, offset] = [segment, segment, step.value.offset];
    } finally {
      await file.close();
    }
  }
  if (active !== undefined && expected === undefined) {
    throw new CorruptionError(active.path, sectorBytes, "the oldest segment holds no frame");
  }
  if (active !== undefined) await settle(files, active, offset, torn !== undefined, notice);
  end({ segments, active, offset, sequence: expected ?? 1 });
}

/**
 * Makes the end of the log what the next append builds on: cut if torn, and durable (a killed process leaves it
 * cached).
 */
async function settle(
  files: Files,
  active: Segment,
  offset: number,
  torn: boolean,
  notice: (text: string) => void,
): Promise<void> {
  const file = await files.open(active.path, "update");
  try {
    if (active.cut && !torn) {
      notice(`${active.path}: ends at byte ${active.capacity}, cut by a recovery, a full disk, or from outside`);
    }
    if (torn) {
      notice(`${active.path}: a write was interrupted at byte ${offset} and never acknowledged; cut off there`);
      await file.truncate(offset);
      active.capacity = offset;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function openSegments(files: Files, directory: string, notice: (text: string) => void): Promise<Segment[]> {
  const numbers = await segmentNumbers(files, directory);
  const segments: Segment[] = [];
  for (const [at, number] of numbers.entries()) {
    const previous = segments.at(-1);
    if (previous !== undefined && number !== previous.number + 1) {
      const missing = segmentAt(directory, previous.number + 1, 0).path;
      throw new CorruptionError(missing, 0, "the segment is missing");
    }
    const segment = await openSegment(files, directory, number, notice);
    if (segment !== undefined) segments.push(segment);
    else if (at < numbers.length - 1 || (at === 0 && number > 1)) {
      throw new CorruptionError(segmentAt(directory, number, 0).path, 0, "its header is not intact");
    }
  }
  return segments;
}

/** Checks the header; removes a segment that has neither header nor frames: it was being made. */
async function openSegment(
  files: Files,
  directory: string,
  number: number,
  notice: (text: string) => void,
): Promise<Segment | undefined> {
  const { path } = segmentAt(directory, number, 0);
  const file = await files.open(path, "read");
  try {
    const capacity = await readHeader(file, number, directory);
    const size = await file.size();
    if (capacity !== undefined) {
      return { ...segmentAt(directory, number, size), cut: size < capacity };
    }
    if (!(await isBlank(file, sectorBytes))) throw new CorruptionError(path, 0, "its header is not intact");
  } finally {
    await file.close();
  }
  notice(`${path}: has neither header nor frames, so it was being made when the process stopped; removed`);
  await files.remove(path);
  await files.syncDirectory(directory);
  return undefined;
}

function recoveredFrame(segment: Segment, { offset, sectors, payload }: FoundFrame): RecoveredFrame {
  try {
    return { segment, sector: offset / sectorBytes, sectors, records: decodeRecords(payload) };
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new CorruptionError(segment.path, offset, "an intact frame holds no records", { cause });
  }
}
