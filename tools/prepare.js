// Builds dist/ after an install. Under `npm ci --omit=dev` there is no compiler; then what is there already stays.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url));
if (existsSync(compiler)) {
  process.exitCode = spawnSync(compiler, ["-b"], { stdio: "inherit" }).status ?? 1;
} else {
  console.error("quorate: no build, because the development tools are not installed (npm ci --omit=dev)");
}
