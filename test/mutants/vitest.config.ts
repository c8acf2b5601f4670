import { readFileSync } from "node:fs";
import { relative } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { applyHunks, parsePatch } from "./patch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const patch = parsePatch(readFileSync(process.env.MUTANT ?? "", "utf8"));

/** Runs tests of the project on sources with the patch in the file `MUTANT` applied. */
export default defineConfig({
  root,
  test: { include: ["{src,test}/**/*.test.ts"], bail: 1, isolate: false },
  plugins: [
    {
      name: "mutant",
      enforce: "pre",
      transform: (code, id) => {
        const name = relative(root, id);
        const hunks = patch.files.get(name);
        return hunks === undefined ? undefined : applyHunks(name, code, hunks);
      },
    },
  ],
});
