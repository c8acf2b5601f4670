import type { Explanation, Plan } from "../../simulator/index.ts";
import type { Choices } from "./settings.ts";
import { isFile, type Task } from "./task.ts";

/** A test that repeats the smallest run of a failure, for node's runner or any other that imports `test` so. */
export function scenarioText({ subject, choices }: Task, { seed, claim, plan }: Explanation): string {
  const name = JSON.stringify(`seed ${seed}: ${claim}`);
  const options = isFile(subject) ? "options" : optionsText(subject, choices);
  return [
    'import { test } from "node:test";',
    'import { replay } from "quorate/simulator";',
    ...(isFile(subject) ? [`import options from ${JSON.stringify(importPath(subject))};`] : []),
    "",
    `test(${name}, async () => {`,
    `  const report = await replay(${options}, ${planText(plan)});`,
    "",
    "  report.assertOk();",
    "});",
  ].join("\n");
}

function optionsText(protocol: string, { workload }: Choices): string {
  const chosen = workload === undefined ? "" : `, workload: ${JSON.stringify(workload)}`;
  return `{ protocol: ${JSON.stringify(protocol)}${chosen} }`;
}

function importPath(file: string): string {
  return /^[./]/.test(file) ? file : `./${file}`;
}

/** A plan with a line for each member, action and call. */
function planText(plan: Plan): string {
  const lines = Object.entries(plan).map(([name, value]) => {
    if (!Array.isArray(value) || value.length === 0) return `    ${name}: ${literal(value)},`;
    return [`    ${name}: [`, ...value.map((item) => `      ${literal(item)},`), "    ],"].join("\n");
  });
  return `{\n${lines.join("\n")}\n  }`;
}

/** Plain data as one would write it in a program. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const fields = Object.entries(value).map(([name, field]) => {
    return `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}: ${literal(field)}`;
  });
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
