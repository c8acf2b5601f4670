import { basename, dirname } from "node:path/posix";
import type { Rule } from "./rule.ts";

const linesMax = 400;
const filesMax = 12;
const vague = /^(?:utils?|helpers?|common|managers?|types)$/;
const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
const source = /^src\/.*\.ts$/;
const test = /\.test\.ts$/;

/** A file that is longer holds more than one thing. */
export const fileLength: Rule = function* (tree) {
  for (const [file, text] of tree) {
    const count = text.split("\n").length - 1;
    if (source.test(file) && count > linesMax) {
      yield { file, line: linesMax + 1, problem: `has ${count} lines, the limit is ${linesMax}` };
    }
  }
};

/** A folder that is fuller is two folders. */
export const folderSize: Rule = function* (tree) {
  const counts = new Map<string, number>();
  for (const file of tree.keys()) {
    if (!source.test(file) || test.test(file)) continue;
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  }
  for (const [folder, count] of counts) {
    if (count > filesMax) {
      yield { file: folder, line: 1, problem: `has ${count} source files, the limit is ${filesMax}` };
    }
  }
};

/** Files and folders are nouns in kebab-case that say what is inside. */
export const names: Rule = function* (tree) {
  for (const file of tree.keys()) {
    if (!/^(?:bench|docs|examples|src|test|tools)\/.*\.(?:js|md|ts)$/.test(file)) continue;
    for (const name of file.split("/")) {
      if (name !== "README.md" && !kebab.test(name)) yield { file, line: 1, problem: `${name} is not kebab-case` };
      if (vague.test(name.replace(/\..*/, ""))) {
        yield { file, line: 1, problem: `${name} says nothing about what is inside` };
      }
    }
  }
};

/** A reader finds the paper's sections in each protocol's folder; `quorum` is arithmetic that they share. */
export const protocolReadme: Rule = function* (tree) {
  const folders = new Set(
    [...tree.keys()].map(dirname).filter((folder) => /^src\/protocols\/(?!quorum$)[^/]+$/.test(folder)),
  );
  for (const folder of folders) {
    const file = `${folder}/README.md`;
    if (!tree.has(file))
      yield { file, line: 1, problem: `is missing: what of the paper is where in ${basename(folder)}` };
  }
};
