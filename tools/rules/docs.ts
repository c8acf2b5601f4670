import { dirname, join } from "node:path/posix";
import { type Finding, lineRule, type Rule, type Tree } from "./rule.ts";

const exported =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (?!\{)([\w$]+)/;
const opened = /^```/;

/** Each exported name says in a sentence what it is. */
export const docstrings: Rule = lineRule(/^src\/(?!.*\.test\.ts$).*\.ts$/, (line, lines, at) => {
  const name = exported.exec(line)?.[1];
  const before = lines.slice(0, at).findLast((other) => !other.startsWith("// biome-ignore")) ?? "";
  if (name === undefined || before.trimEnd().endsWith("*/")) return undefined;
  return exported.exec(before)?.[1] === name ? undefined : `${name} is exported without a docstring`; // an overload
});

/** The two lines with which a newcomer starts. */
export const readmeCommands: Rule = function* (tree) {
  const file = "README.md";
  for (const command of ["npm ci && npm start", "npm ci && npm test"]) {
    if (!tree.get(file)?.includes(command)) yield { file, line: 1, problem: `does not show \`${command}\`` };
  }
};

/** Each error code has its section in docs/errors.md, and each section its code. */
export const errorPages: Rule = function* (tree) {
  const page = "docs/errors.md";
  const sections = new Map<string, Finding>();
  for (const [at, line] of (tree.get(page) ?? "").split("\n").entries()) {
    const code = /^## (\S+)/.exec(line)?.[1];
    if (code) sections.set(code, { file: page, line: at + 1, problem: `no source file gives ${code}` });
  }
  const given = new Set<string>();
  for (const { code, ...place } of codes(tree)) {
    if (!given.has(code) && !sections.has(code)) yield { ...place, problem: `${code} has no section in ${page}` };
    given.add(code);
  }
  for (const [code, finding] of sections) if (!given.has(code)) yield finding;
};

/** Codes look like the variables that set options (`QUORATE_…`), which only the command line reads. */
function* codes(tree: Tree): Iterable<{ code: string; file: string; line: number }> {
  for (const [file, text] of tree) {
    if (!/^src\/.*\.ts$/.test(file) || file.endsWith(".test.ts")) continue;
    const pattern = file.startsWith("src/cli/") ? /\bcode\b.*"(QUORATE_[A-Z_]+)"/g : /"(QUORATE_[A-Z_]+)"/g;
    for (const [at, line] of text.split("\n").entries()) {
      for (const [, code = ""] of line.matchAll(pattern)) yield { code, file, line: at + 1 };
    }
  }
}

/** A link to a file of the project leads somewhere. */
export const localLinks: Rule = function* (tree) {
  for (const [file, line, at] of prose(tree)) {
    for (const [, target = ""] of line.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = join(dirname(file), target).replace(/\/$/, "");
      const isThere = tree.has(path) || [...tree.keys()].some((other) => other.startsWith(`${path}/`));
      if (!isThere) yield { file, line: at, problem: `the link to ${target} leads nowhere` };
    }
  }
};

/** A page that says where something is, as in `log.ts:append`, is right about it. */
export const sourceReferences: Rule = function* (tree) {
  for (const [file, line, at] of prose(tree)) {
    if (!/^(?:docs|src)\/protocols\//.test(file)) continue;
    for (const [reference, path = "", name = ""] of line.matchAll(/`([\w./-]+\.ts):#?(\w+)`/g)) {
      const texts = [...tree].filter(([other]) => `/${other}`.endsWith(`/${path}`)).map(([, text]) => text);
      const named = new RegExp(
        `(?:\\b(?:function\\*?|const|class|interface|type|get)\\s|^\\s+(?:async )?#?)${name}\\b`,
        "m",
      );
      if (!texts.some((text) => named.test(text))) yield { file, line: at, problem: `${reference} does not exist` };
    }
  }
};

/** The lines of all pages, without those in code blocks. */
function* prose(tree: Tree): Iterable<[file: string, line: string, at: number]> {
  for (const [file, text] of tree) {
    if (!file.endsWith(".md")) continue;
    let isCode = false;
    for (const [at, line] of text.split("\n").entries()) {
      if (opened.test(line)) isCode = !isCode;
      else if (!isCode) yield [file, line, at + 1];
    }
  }
}
