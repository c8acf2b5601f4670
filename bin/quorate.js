#!/usr/bin/env node
// Starts the built command line; without a build it says how to make one.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/cli/main.js", import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`quorate: Node ${process.versions.node} is too old; 20.19 or newer is needed`);
  process.exitCode = 64;
} else if (existsSync(main)) {
  void import(main.href).then(({ run }) => run(process.argv.slice(2)));
} else {
  const root = fileURLToPath(new URL("..", import.meta.url));
  console.error(`quorate: not built yet: run \`npm ci\` in ${root} (or \`npx tsc -b\` once that is done)`);
  process.exitCode = 64;
}
