import { readFile } from "node:fs/promises";
import { relative } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { applyHunks, type Patch } from "./patch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The module `entry` (a path from the project's root) as one text, all its sources in it, with `patch` applied. */
export async function bundleMutated(entry: string, patch: Patch | undefined): Promise<string> {
  const open = new Set(patch?.files.keys());
  const { outputFiles } = await build({
    entryPoints: [root + entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    plugins: patch === undefined ? [] : [patching(patch, open)],
  });
  if (open.size > 0) throw new Error(`${entry} does not contain ${[...open].join()}`);
  return outputFiles[0]?.text ?? "";
}

/** Changes sources as they are loaded; what it changed is taken from `open`. */
function patching(patch: Patch, open: Set<string>): Plugin {
  return {
    name: "mutant",
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const name = relative(root, path);
        const hunks = patch.files.get(name);
        if (hunks === undefined) return undefined;
        open.delete(name);
        return { contents: applyHunks(name, await readFile(path, "utf8"), hunks), loader: "ts" };
      });
    },
  };
}
