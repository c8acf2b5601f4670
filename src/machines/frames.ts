import { ByteReader, type Bytes, ByteWriter, noBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";

/** About how large the chunks of a snapshot are: at a few ns a byte, making one takes well under a millisecond. */
const chunkBytes = 65_536;

/** More than any text or array an engine can hold in one piece on the way here. */
const frameBytesMax = 2 ** 31 - 1;

/** One length-prefixed piece of a snapshot. */
export function frame(content: Bytes): Bytes {
  return new ByteWriter(content.length + 8).bytes(content).finish();
}

const endFrame = frame(noBytes);

/** Items written one after the other, in frames of about 64 KiB made as they are asked for, and an end mark. */
export function* framedItems<Item>(
  items: Iterable<Item>,
  write: (writer: ByteWriter, item: Item) => void,
): Generator<Bytes> {
  let writer = new ByteWriter(); // grows: most snapshots are far shorter than a chunk
  for (const item of items) {
    write(writer, item);
    if (writer.length < chunkBytes) continue;
    yield frame(writer.finish());
    writer = new ByteWriter(chunkBytes);
  }
  if (writer.length > 0) yield frame(writer.finish());
  yield endFrame;
}

/** A whole snapshot as a part of another: its chunks in frames, and an end mark. */
export function* framedSection(chunks: Iterable<Bytes>): Generator<Bytes> {
  for (const chunk of chunks) {
    for (const piece of pieces(chunk)) yield frame(piece);
  }
  yield endFrame;
}

/** Views of `bytes`, of 64 KiB each; none if there are no bytes. */
export function* pieces(bytes: Bytes): Generator<Bytes> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** All chunks in one piece. */
export async function joined(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concatenated(parts);
}

function concatenated(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads the version that opens a snapshot's head, and refuses all but `known`. */
export function readVersion(reader: ByteReader, known: number): void {
  const found = reader.byte();
  if (found !== known) throw new MalformedError(`a snapshot of version ${found}, this release reads ${known}`);
}

/**
 * Has `read` take in a snapshot to its last byte. Every fault is a `MalformedError`; the source is closed in any case.
 */
export async function readFrames<Value>(
  chunks: AsyncIterable<Bytes>,
  read: (frames: FrameReader) => Promise<Value>,
): Promise<Value> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    const frames = new FrameReader(source);
    const value = await read(frames);
    await frames.finish();
    return value;
  } finally {
    await source.return?.();
  }
}

/** Reads back frames, however their bytes were split on the way. Contents are views: copy what is kept. */
export class FrameReader {
  readonly #source: AsyncIterator<Bytes>;
  #chunk: Bytes = noBytes;
  #offset = 0;

  constructor(source: AsyncIterator<Bytes>) {
    this.#source = source;
  }

  /** The content of the next frame, for one read; `undefined` at an end mark. */
  async next(): Promise<ByteReader | undefined> {
    const content = await this.#content();
    return content.length === 0 ? undefined : new ByteReader(content);
  }

  /** The only content of a frame that must be there, read to its end. */
  async head<Value>(read: (reader: ByteReader) => Value): Promise<Value> {
    const reader = await this.next();
    if (reader === undefined) throw new MalformedError("the head of a snapshot is missing");
    const value = read(reader);
    reader.finish();
    return value;
  }

  /** Calls `read` for each of the items that `framedItems` wrote, up to their end mark. */
  async items(read: (reader: ByteReader) => void): Promise<void> {
    for (let reader = await this.next(); reader !== undefined; reader = await this.next()) {
      while (reader.remaining > 0) read(reader);
    }
  }

  /** Has `read` take in what `framedSection` wrote; it must read all of it. */
  async section<Value>(read: (chunks: AsyncIterable<Bytes>) => Promise<Value>): Promise<Value> {
    let ended = false;
    const nextContent = () => this.#content();
    async function* contents(): AsyncGenerator<Bytes> {
      for (let content = await nextContent(); content.length > 0; content = await nextContent()) yield content;
      ended = true;
    }
    const value = await read(contents());
    if (!ended && (await this.#content()).length > 0)
      throw new MalformedError("a part of a snapshot has bytes too many");
    return value;
  }

  /** Call last: what is left over was not meant to be there. */
  async finish(): Promise<void> {
    if (await this.#hasMore()) throw new MalformedError("a snapshot has bytes too many");
  }

  async #content(): Promise<Bytes> {
    return this.#take(await this.#length());
  }

  async #length(): Promise<number> {
    let length = 0;
    for (let scale = 1; scale <= frameBytesMax; scale *= 0x80) {
      const byte = (await this.#take(1))[0] ?? 0;
      length += (byte & 0x7f) * scale;
      if (length > frameBytesMax) break;
      if (byte < 0x80) return length;
    }
    throw new MalformedError(`a frame is longer than ${frameBytesMax} bytes`);
  }

  async #take(count: number): Promise<Bytes> {
    if (count <= this.#chunk.length - this.#offset) return this.#takeHere(count);
    const parts: Bytes[] = [];
    for (let missing = count; missing > 0; ) {
      if (!(await this.#hasMore())) throw new MalformedError("a snapshot ends too early");
      const part = this.#takeHere(missing);
      parts.push(part);
      missing -= part.length;
    }
    return concatenated(parts);
  }

  #takeHere(countMax: number): Bytes {
    const part = this.#chunk.subarray(this.#offset, this.#offset + countMax);
    this.#offset += part.length;
    return part;
  }

  async #hasMore(): Promise<boolean> {
    while (this.#offset === this.#chunk.length) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#chunk = next.value;
      this.#offset = 0;
    }
    return true;
  }
}
