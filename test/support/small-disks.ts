import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const blockBytes = 4096;

/** File systems of their own, of a few MiB each, that can be filled up; needs root, and `mount`. */
export class SmallDisks implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "quorate-small-disks-"));
  readonly #mounted: string[] = [];

  /** One for each name; `undefined` where none can be made. */
  static make(names: readonly string[], mebibytes: number): SmallDisks | undefined {
    const disks = new SmallDisks();
    if (names.every((name) => disks.#mount(name, `size=${mebibytes}m`))) return disks;
    disks[Symbol.dispose]();
    return undefined;
  }

  /** A directory on the disk of that name, to be made by who uses it. */
  directory(name: string): string {
    return join(this.#directory, name, "data");
  }

  /** Leaves no room at all. */
  fill(name: string): void {
    const file = openSync(this.#ballast(name), "a");
    try {
      for (;;) writeSync(file, Buffer.alloc(blockBytes, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  makeRoom(name: string): void {
    rmSync(this.#ballast(name));
  }

  enlarge(name: string, mebibytes: number): void {
    this.#run("mount", "-o", `remount,size=${mebibytes}m`, join(this.#directory, name));
  }

  /** To be called when nobody uses them any more. */
  [Symbol.dispose](): void {
    for (const path of this.#mounted) this.#run("umount", path);
    rmSync(this.#directory, { recursive: true });
  }

  #ballast(name: string): string {
    return join(this.#directory, name, "ballast");
  }

  #mount(name: string, options: string): boolean {
    const path = join(this.#directory, name);
    mkdirSync(path);
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
    if (status === 0) this.#mounted.push(path);
    return status === 0;
  }

  #run(command: string, ...args: readonly string[]): void {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  }
}
