import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { mutants } from "./catalogue.ts";
import { huntMutant, patchFile, readPatch } from "./hunting.ts";
import { bundleMutated } from "./mutated.ts";
import { applyHunks } from "./patch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the catalogue", () => {
  test("names each patch, and each only once", async () => {
    const patches = (await readdir(fileURLToPath(new URL("./patches/", import.meta.url)))).sort();

    expect(mutants.map(({ name }) => basename(patchFile(name))).sort()).toEqual(patches);
    expect(mutants.length).toBeGreaterThanOrEqual(20);
  });

  test.each(mutants)("$name changes the sources as they are", async ({ name }) => {
    const { files, story } = await readPatch(name);

    expect(story).toMatch(/\.$/);
    for (const [path, hunks] of files) {
      const source = await readFile(root + path, "utf8");
      expect(applyHunks(path, source, hunks)).not.toBe(source);
    }
  });
});

test("a patch of what is not in the bundle is refused: it would prove nothing", async () => {
  const patch = await readPatch("torn-tail-accepted");

  await expect(bundleMutated("test/mutants/quarry.ts", patch)).rejects.toThrow("does not contain");
});

describe("a sample of the hunts", () => {
  test("the sources as they are pass", async () => {
    const caught = await huntMutant(undefined, { by: "simulate", runsMax: 5 }, 60_000);

    expect(caught).toEqual({ claim: undefined, effort: 5 });
  });

  test.each(mutants.filter(({ isSample }) => isSample))("$name is caught", async ({ name, hunts }) => {
    const [first] = hunts;

    const caught = await huntMutant(name, first ?? { by: "simulate", runsMax: 0 }, 60_000);

    expect(caught.claim).toBeDefined();
  });
});
