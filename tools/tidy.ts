import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { docstrings, errorPages, localLinks, readmeCommands, sourceReferences } from "./rules/docs.ts";
import { lockHosts, lockPlatforms } from "./rules/lock.ts";
import { fileLength, folderSize, names, protocolReadme } from "./rules/names.ts";
import type { Rule, Tree } from "./rules/rule.ts";
import { leftToDo, lineLength, machinePaths, silentTests } from "./rules/text.ts";

const rules: readonly Rule[] = [
  docstrings,
  errorPages,
  fileLength,
  folderSize,
  leftToDo,
  lineLength,
  localLinks,
  lockHosts,
  lockPlatforms,
  machinePaths,
  names,
  protocolReadme,
  readmeCommands,
  silentTests,
  sourceReferences,
];

/** Every text file that git does not ignore; reads .gitignore itself, so that a copy without git is checked too. */
function readTree(root: string): Tree {
  const ignored = new Set([".git/", ".git", ...readFileSync(`${root}.gitignore`, "utf8").split("\n")]);
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(root + folder, { withFileTypes: true })) {
      const path = folder + entry.name;
      if (ignored.has(entry.name) || ignored.has(`*${extname(entry.name)}`)) continue;
      if (entry.isFile()) tree.set(path, readFileSync(root + path, "utf8"));
      else if (entry.isDirectory() && !ignored.has(`${entry.name}/`)) visit(`${path}/`);
    }
  };
  visit("");
  return new Map([...tree].filter(([, text]) => !text.includes("\0")));
}

const tree = readTree(fileURLToPath(new URL("../", import.meta.url)));
const findings = rules.flatMap((rule) => [...rule(tree)]);
for (const { file, line, problem } of findings) console.log(`${file}:${line}: ${problem}`);
if (findings.length > 0) process.exitCode = 1;
