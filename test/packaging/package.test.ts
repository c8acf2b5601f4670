import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

// These tests look at dist/: `tsc -b` comes first, as in `npm run check`.

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly sideEffects: boolean;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Pack {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly unpackedSize: number;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = readJson<Manifest>("package.json");
const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
const run = promisify(execFile);
const packed = pack();

test.each(entries)("the export %s has its code and its types built", (_name, target) => {
  expect(Object.keys(target)).toEqual(["types", "default"]); // the first key that fits is taken: types must precede
  for (const file of Object.values(target)) expect(existsSync(root + file), `${file} exists`).toBe(true);
});

test.each(entries)("the export %s can be required as well as imported, and leaves nothing running", async (name) => {
  const request = JSON.stringify(name.replace(".", "quorate"));
  const script = `const required = Object.keys(require(${request}));
    import(${request}).then((module) => console.log(required.length > 0 && required.every((key) => key in module)));`;

  const { stdout } = await run(process.execPath, ["--input-type=commonjs", "-e", script], {
    cwd: root,
    timeout: 10_000,
  });

  expect(stdout).toBe("true\n");
});

test("importing a part has no side effects, so that a bundler may drop what is not used", () => {
  expect(manifest.sideEffects).toBe(false);
});

test("quorate/raft is at most 30 kB for a browser, compressed, and imports nothing", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${root}dist/protocols/raft/index.js`],
    bundle: true,
    format: "esm",
    logLevel: "silent",
    metafile: true,
    minify: true,
    platform: "browser",
    write: false,
  });

  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(gzipSync(outputFiles[0]?.contents ?? "").length).toBeLessThanOrEqual(30_000);
});

test("the package holds what it needs and nothing else", async () => {
  const paths = (await packed).files.map(({ path }) => path);

  for (const needed of ["bin/quorate.js", "dist/cli/main.js", "docs/errors.md", "LICENSE", "README.md"]) {
    expect(paths).toContain(needed);
  }
  expect(
    paths.filter((path) => !/^(?:bin|dist|docs)\/|^tools\/prepare\.js$|^[A-Z]+(?:\.md)?$|^package\.json$/.test(path)),
  ).toEqual([]);
  expect(paths.filter((path) => /\.test\.|\.tsbuildinfo$|\.map$/.test(path))).toEqual([]);
});

test("installing the package brings at most 45 packages and 20 MB", async () => {
  const paths = [...installed(readJson<Lock>("package-lock.json").packages)].filter((path) => path !== "");
  const bytes = paths.reduce((sum, path) => sum + folderBytes(root + path), (await packed).unpackedSize);

  expect(paths).toContain("node_modules/hono");
  expect(paths.length + 1).toBeLessThanOrEqual(45);
  expect(bytes).toBeLessThanOrEqual(20_000_000);
});

/** What `npm publish` would send. */
async function pack(): Promise<Pack> {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
  const [result] = JSON.parse(stdout) as Pack[];
  if (result === undefined) throw new Error(`npm pack said ${stdout}`);
  return result;
}

/** Where the packages lie that a user gets with ours: no development tools, no optional peers. */
function installed(packages: Lock["packages"], path = "", found = new Set<string>()): Set<string> {
  const entry = packages[path];
  if (entry === undefined || found.has(path)) return found;
  found.add(path);
  for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
    let above = path;
    while (above !== "" && !(`${above}/node_modules/${name}` in packages))
      above = above.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, "");
    installed(packages, `${above}/node_modules/${name}`.replace(/^\//, ""), found);
  }
  return found;
}

/** Size of a package's own files; the packages nested in it are counted by themselves. */
function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0; // for another platform
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .map((entry) => `${folder}/${entry.name}`)
    .reduce((sum, path) => sum + (statSync(path).isDirectory() ? folderBytes(path) : statSync(path).size), 0);
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(root + path, "utf8")) as Content;
}
