import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from "node:fs";

const sliceBytes = 256 * 1024;
const growth = { least: 256 * 1024, most: 8 * 2 ** 20, part: 8 } as const;
const zeros = Buffer.alloc(sliceBytes);

/**
 * Room at the end of a database's file, made before LMDB needs it.
 *
 * When LMDB itself meets a full disk in the middle of a transaction it cannot always tell that from a failing one. A
 * file that is longer than what LMDB uses is fine with it, and failing to make one longer costs nothing.
 */
export class Room {
  readonly #descriptor: number;
  readonly #pageBytes: number;
  #sparePages = 0; // at least so many lie behind the last one in use

  /** To be closed. */
  constructor(path: string, pageBytes: number) {
    this.#descriptor = openSync(path, "r+");
    this.#pageBytes = pageBytes;
  }

  get fileBytes(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Makes durable what is written. */
  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Makes sure that so many pages can be added, and `kept` remain. Throws what the file system throws. */
  reserve(pages: number, kept: number, lastPage: () => number): void {
    if (this.#sparePages < pages + kept) this.#sparePages = this.#count(lastPage());
    if (this.#sparePages < pages + kept) this.#grow(pages + kept, lastPage());
    this.#sparePages -= pages;
  }

  #count(lastPage: number): number {
    return Math.max(0, Math.floor(this.fileBytes / this.#pageBytes) - lastPage - 1);
  }

  #grow(pages: number, lastPage: number): void {
    const before = this.fileBytes;
    const step = Math.min(growth.most, Math.max(growth.least, before / growth.part));
    const target = (lastPage + 1 + pages) * this.#pageBytes + step;
    try {
      for (let at = before; at < target; ) {
        at += writeSync(this.#descriptor, zeros, 0, Math.min(sliceBytes, target - at), at);
      }
    } catch (error) {
      if (this.#count(lastPage) < pages) throw error; // otherwise what was written before the disk was full will do
    }
    this.#sparePages = this.#count(lastPage);
  }
}
