import { lineRule, type Rule } from "./rule.ts";

const columnsMax = 120;
const code = /\.(?:grit|js|ts)$|^\.ci\//;
const literal = /`[^`]*`|"(?:[^"\\]|\\.)*"/g;

/** Only what cannot be broken may be longer: a table, an address, a text in quotes. */
export const lineLength: Rule = lineRule(/\.(?:grit|js|md|ts)$|^\.ci\//, (line) => {
  if (line.length <= columnsMax || line.startsWith("|") || /https?:\/\/\S{40}/.test(line)) return undefined;
  const isComment = /^\s*(?:\/\/|\/?\*)/.test(line);
  if (!isComment && line.replace(literal, "").length <= columnsMax) return undefined;
  return `has ${line.length} columns, the limit is ${columnsMax}`;
});

/** What is left to do is an issue, where others see it. */
export const leftToDo: Rule = lineRule(code, (line) => {
  const word = /\b(?:TO[D]O|FI[X]ME|X[X]X)\b(?!.*#\d)/.exec(line)?.[0];
  return word && `${word} without the number of an issue (#12)`;
});

/** A test that does not run must say why, on its line or the next; one that runs alone is a slip. */
export const silentTests: Rule = lineRule(/\.test\.ts$|^test\/.*\.ts$/, (line, lines, at) => {
  const how = /^\s*(?:test|it|describe)(?:\.\w+)*\.(only|skip|todo)\b/.exec(line)?.[1];
  if (how === undefined) return undefined;
  if (how === "only") return "other tests would not run";
  const isExplained = line.includes(" // ") || lines[at + 1]?.trimStart().startsWith("// ");
  return isExplained ? undefined : `.${how} without a comment that says why`;
});

/** Nothing of one machine or its surroundings is anyone else's business. */
export const machinePaths: Rule = lineRule(/^(?!package-lock\.json$)/, (line) => {
  const path = /(?:^|[^\w.~-])\/(?:work|root|home)\//.exec(line)?.[0];
  if (path) return `${path.trim()} is a path of one machine`;
  return /https?:\/\/(?:artifactory|mirror|nexus|npm|registry)\./.test(line) ? "names a registry" : undefined;
});
