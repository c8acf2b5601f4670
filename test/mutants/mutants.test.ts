import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { catalogue, explorationsOf, mutants } from "./catalogue/catalogue.ts";
import { huntMutant, readPatch } from "./hunting.ts";
import { bundleMutated } from "./mutated.ts";
import { applyHunks } from "./patch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the catalogue", () => {
  test.each(Object.entries(catalogue))("names each patch of %s, and each only once", async (protocol, all) => {
    const patches = await readdir(fileURLToPath(new URL(`./patches/${protocol}/`, import.meta.url)));

    expect(all.map(({ name }) => `${name}.patch`).sort()).toEqual(patches.sort());
    expect(all.length).toBeGreaterThanOrEqual(20);
  });

  test.each(mutants)("$path changes the sources as they are", async ({ path }) => {
    const { files, story } = await readPatch(path);

    expect(story).toMatch(/\.$/);
    for (const [file, hunks] of files) {
      const source = await readFile(root + file, "utf8");
      expect(applyHunks(file, source, hunks)).not.toBe(source);
    }
  });
});

test("a patch of what is not in the bundle is refused: it would prove nothing", async () => {
  const patch = await readPatch("raft/torn-tail-accepted");

  await expect(bundleMutated("test/mutants/quarry.ts", patch)).rejects.toThrow("does not contain");
});

const samples = mutants
  .filter(({ isSample }) => isSample)
  .map(({ hunts: [first], ...rest }) => ({ ...rest, hunts: first === undefined ? [] : [first] }));

describe("a sample of the hunts", { timeout: 120_000 }, () => {
  test.each(Object.keys(catalogue))("the sources of %s as they are pass", async (protocol) => {
    const caught = await huntMutant(undefined, { by: "simulate", protocol, runsMax: 3 }, 60_000);

    expect(caught).toEqual({ claim: undefined, effort: 3 });
  });

  test.each(samples)("$path is caught", async ({ path, hunts, orders }) => {
    for (const hunt of [...hunts, ...(orders ? [orders] : [])]) {
      const caught = await huntMutant(path, hunt, 60_000);

      expect(caught.claim).toBeDefined();
    }
  });

  test.each(explorationsOf(samples).map((each) => [JSON.stringify(each), each] as const))(
    "the sources as they are pass %s",
    async (_, orders) => {
      const { claim, effort } = await huntMutant(undefined, orders, 60_000);

      expect(claim).toBeUndefined();
      expect(effort).toBeGreaterThan(0); // what took too long has shown nothing
    },
  );
});
