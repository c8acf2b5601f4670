/** The project as the rules see it: path (with `/`) to text. */
export type Tree = ReadonlyMap<string, string>;

/** A place where a house rule is broken. */
export interface Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** Looks for one kind of fault in the whole project. */
export type Rule = (tree: Tree) => Iterable<Finding>;

/** Makes a rule of a look at one line; `lines` and `at` show what stands around it. */
export function lineRule(
  paths: RegExp,
  look: (line: string, lines: readonly string[], at: number) => string | undefined,
): Rule {
  return function* (tree) {
    for (const [file, text] of tree) {
      if (!paths.test(file)) continue;
      const lines = text.split("\n");
      for (const [at, line] of lines.entries()) {
        const problem = look(line, lines, at);
        if (problem !== undefined) yield { file, line: at + 1, problem };
      }
    }
  };
}
