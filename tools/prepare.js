// Builds dist/ after an install. Under `npm ci --omit=dev` there is no compiler; then what is there stays.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

if (existsSync(compiler)) {
  const build = spawnSync(process.execPath, [compiler, "-b"], { stdio: "inherit" });
  process.exitCode = build.status ?? 1;
} else {
  console.error("quorate: not built, because the development tools are not installed (npm ci --omit=dev)");
}
