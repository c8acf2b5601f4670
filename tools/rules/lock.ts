import type { Rule } from "./rule.ts";

const file = "package-lock.json";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

/** The lock names packages, not the place they once came from. */
export const lockHosts: Rule = function* (tree) {
  for (const [at, line] of (tree.get(file) ?? "").split("\n").entries()) {
    if (/^\s*"resolved": "https?:/.test(line)) yield { file, line: at + 1, problem: "names a registry" };
  }
};

/** The lock knows every platform's packages: `npm ci` refuses one that was written where some were out of reach. */
export const lockPlatforms: Rule = function* (tree) {
  const { packages }: Lock = JSON.parse(tree.get(file) ?? '{ "packages": {} }');
  const known = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")));
  for (const [path, entry] of Object.entries(packages)) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!known.has(name)) yield { file, line: 1, problem: `${path} may need ${name}, which has no entry` };
    }
  }
};
