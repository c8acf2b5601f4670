// Builds dist/ after an install. Under `npm ci --omit=dev` the development tools are absent; then what is there stays.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));

// The compiler alone proves nothing: valibot's optional peer brings it into a production install, without Node's types.
if (existsSync(installed("@types/node"))) {
  const build = spawnSync(process.execPath, [installed("typescript/bin/tsc"), "-b"], { stdio: "inherit" });
  process.exitCode = build.status ?? 1;
} else {
  console.error("quorate: not built, because the development tools are not installed (npm ci --omit=dev)");
}
