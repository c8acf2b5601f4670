/** Lines of a file, and those that a mutant has in their place. */
export interface Hunk {
  readonly before: string;
  readonly after: string;
}

/** A well-known mistake as a change of the sources: a unified diff under a few words on what it is. */
export interface Patch {
  /** What the mutant does wrong. */
  readonly story: string;
  /** The changes by file, as paths from the project's root. */
  readonly files: ReadonlyMap<string, readonly Hunk[]>;
}

/** Reads a unified diff; line numbers are not looked at, for the sources move. */
export function parsePatch(text: string): Patch {
  const [story = "", ...parts] = text.split(/^--- a\/.*\n/m);
  const files = new Map<string, Hunk[]>();
  for (const part of parts) {
    const [head = "", ...hunks] = part.split(/^@@.*\n/m);
    const path = /^\+\+\+ b\/(.*)\n/.exec(head)?.[1];
    if (path === undefined || hunks.length === 0) throw new Error(`not a unified diff: ${head}`);
    files.set(path, hunks.map(parseHunk));
  }
  if (files.size === 0 || story.trim() === "") throw new Error("a patch has a story and changes a file");
  return { story: story.trim(), files };
}

function parseHunk(text: string): Hunk {
  const lines = text.replace(/\n$/, "").split("\n");
  const side = (left: string) =>
    lines
      .filter((line) => !line.startsWith(left))
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  return { before: side("+"), after: side("-") };
}

/** The changed source. Throws unless each place is found exactly once: a patch that hits nothing proves nothing. */
export function applyHunks(path: string, source: string, hunks: readonly Hunk[]): string {
  let changed = source;
  for (const { before, after } of hunks) {
    const count = changed.split(before).length - 1;
    if (count !== 1) throw new Error(`${path}: these lines stand there ${count} times:\n${before}`);
    changed = changed.replace(before, () => after);
  }
  return changed;
}
