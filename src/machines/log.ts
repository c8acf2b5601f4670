import { type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { toUtf8 } from "../base/text.ts";
import { text, unionCodec, whole } from "../base/union-codec.ts";
import { frame, framedItems, readFrames, readVersion } from "./frames.ts";
import type { Machine } from "./machine.ts";

/** What can be done to the log. */
export type LogCommand = { readonly kind: "append"; readonly entry: string };

/** Where the entry stands; the first has index 1. */
export type LogAnswer = { readonly kind: "appended"; readonly index: number };

/**
 * What can be asked: at most `limit` (and 1,000) entries from index `from` on, of `bytesMax` bytes (default 1 MiB)
 * together, though at least one.
 */
export interface LogQuestion {
  readonly kind: "read";
  readonly from: number;
  readonly limit: number;
  readonly bytesMax?: number;
}

/** The entries found. `last`: the index of the newest entry there is; 0 without any. */
export interface LogReply {
  readonly kind: "entries";
  readonly entries: readonly { readonly index: number; readonly entry: string }[];
  readonly last: number;
}

/**
 * A list in blocks, because growing one long array copies it. Only its end ever changes, so that its first `count`
 * entries are a cut.
 */
export interface LogState {
  readonly blocks: string[][];
  count: number;
}

const blockCount = 4096;
const readMax = 1000;
const readBytesMax = 1024 * 1024;
const version = 1;

/** A list of texts that only grows. */
export const logMachine: Machine<LogState, LogCommand, LogAnswer, LogQuestion, LogReply> = {
  initial: () => ({ blocks: [], count: 0 }),
  apply: (state, command) => ({ kind: "appended", index: append(state, command.entry) }),
  query: read,
  snapshot: (state) => snapshot(state.blocks, state.count),
  restore,
  command: unionCodec<LogCommand>({ append: { entry: text } }),
  answer: unionCodec<LogAnswer>({ appended: { index: whole } }),
};

function append(state: LogState, entry: string): number {
  if (state.count % blockCount === 0) state.blocks.push([]);
  state.blocks.at(-1)?.push(entry);
  return ++state.count;
}

function entryAt(blocks: readonly (readonly string[])[], index: number): string {
  return blocks[Math.floor((index - 1) / blockCount)]?.[(index - 1) % blockCount] ?? "";
}

function read({ blocks, count }: LogState, question: LogQuestion): LogReply {
  const { from, bytesMax = readBytesMax } = question;
  const limit = Math.min(question.limit, readMax);
  const entries: { index: number; entry: string }[] = [];
  let bytes = 0;
  for (let index = Math.max(1, from); index <= count && entries.length < limit; index++) {
    const entry = entryAt(blocks, index);
    bytes += toUtf8(entry).length;
    if (bytes > bytesMax && entries.length > 0) break;
    entries.push({ index, entry });
  }
  return { kind: "entries", entries, last: count };
}

function* snapshot(blocks: readonly (readonly string[])[], count: number): Generator<Bytes> {
  yield frame(new ByteWriter().byte(version).varint(count).finish());
  yield* framedItems(firstEntries(blocks, count), (writer, entry) => writer.text(entry));
}

function* firstEntries(blocks: readonly (readonly string[])[], count: number): Generator<string> {
  for (let index = 1; index <= count; index++) yield entryAt(blocks, index);
}

function restore(chunks: AsyncIterable<Bytes>): Promise<LogState> {
  return readFrames(chunks, async (frames) => {
    const count = await frames.head((reader) => {
      readVersion(reader, version);
      return reader.varint();
    });
    const state: LogState = { blocks: [], count: 0 };
    await frames.items((reader) => append(state, reader.text()));
    if (state.count !== count) throw new MalformedError(`a snapshot of ${count} entries holds ${state.count}`);
    return state;
  });
}
