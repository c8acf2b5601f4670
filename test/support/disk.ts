import { basename, dirname } from "node:path";
import type { FileMode, Files, OpenFile } from "../../src/runtime/files.ts";

/** A disk in memory that can be full, fail, and be copied as it would be found after a crash. */
export class MemoryDisk implements Files {
  readonly contents = new Map<string, Uint8Array>();
  /** Writes beyond this many bytes altogether store what fits, then fail with ENOSPC. */
  bytesMax: number = Number.POSITIVE_INFINITY;
  /** If set, every write stores half and fails with this code. */
  writeError: string | undefined;

  get bytes(): number {
    return [...this.contents.values()].reduce((sum, { length }) => sum + length, 0);
  }

  copy(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, bytes] of this.contents) disk.contents.set(path, bytes.slice());
    return disk;
  }

  async open(path: string, mode: FileMode): Promise<OpenFile> {
    if (mode === "create") this.contents.set(path, new Uint8Array(0));
    if (!this.contents.has(path)) throw failure("ENOENT", path);
    return this.#file(path);
  }

  async list(directory: string): Promise<readonly string[]> {
    return [...this.contents.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path));
  }

  async makeDirectory(): Promise<void> {}

  async rename(source: string, target: string): Promise<void> {
    const bytes = this.contents.get(source);
    if (bytes === undefined) throw failure("ENOENT", source);
    this.contents.delete(source);
    this.contents.set(target, bytes);
  }

  async remove(path: string): Promise<void> {
    this.contents.delete(path);
  }

  async syncDirectory(): Promise<void> {}

  #file(path: string): OpenFile {
    const bytes = () => this.contents.get(path) ?? new Uint8Array(0);
    return {
      path,
      size: async () => bytes().length,
      read: async (into, position) => {
        const found = bytes().subarray(position, position + into.length);
        into.set(found);
        return found.length;
      },
      write: async (written, position) => this.#write(path, written, position),
      truncate: async (length) => void this.contents.set(path, bytes().slice(0, length)),
      sync: async () => {},
      close: async () => {},
    };
  }

  #write(path: string, written: Uint8Array, position: number): void {
    const before = this.contents.get(path) ?? new Uint8Array(0);
    const room = Math.max(0, this.bytesMax - this.bytes);
    const grows = Math.max(0, position + written.length - before.length);
    const fits = this.writeError !== undefined ? written.length >>> 1 : written.length - Math.max(0, grows - room);
    const end = position + Math.max(0, fits);
    const after = end > before.length ? new Uint8Array(end) : before;
    if (after !== before) after.set(before);
    after.set(written.subarray(0, Math.max(0, fits)), position);
    this.contents.set(path, after);
    if (this.writeError !== undefined) throw failure(this.writeError, path);
    if (fits < written.length) throw failure("ENOSPC", path);
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
