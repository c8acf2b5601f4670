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
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

interface Pack {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly unpackedSize: number;
}

/** A disk's unit of allocation, usually. */
const blockBytes = 4096;
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

test.each([
  ["raft", "protocols/raft", 30_000],
  ["multi-paxos", "protocols/multi-paxos", 30_000],
  ["gossip", "protocols/gossip", 15_000],
  ["total-order", "protocols/total-order", 30_000],
  ["checker", "checker", 30_000],
  ["simulator", "simulator", 150_000],
])(
  "quorate/%s runs in a browser: it imports nothing, and is small when compressed",
  async (_name, folder, bytesMax) => {
    const { outputFiles, metafile } = await build({
      entryPoints: [`${root}dist/${folder}/index.js`],
      bundle: true,
      format: "esm",
      logLevel: "silent",
      metafile: true,
      minify: true,
      platform: "browser",
      write: false,
    });

    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
    expect(gzipSync(outputFiles[0]?.contents ?? "").length).toBeLessThanOrEqual(bytesMax);
  },
);

test("the package holds what it needs and nothing else", async () => {
  const paths = (await packed).files.map(({ path }) => path);

  for (const needed of ["bin/quorate.js", "dist/cli/main.js", "docs/errors.md", "LICENSE", "README.md"]) {
    expect(paths).toContain(needed);
  }
  expect(
    paths.filter(
      (path) => !/^(?:bin|dist|docs|proto)\/|^tools\/prepare\.js$|^[A-Z]+(?:\.md)?$|^package\.json$/.test(path),
    ),
  ).toEqual([]);
  expect(paths.filter((path) => /\.test\.|\.tsbuildinfo$|\.map$/.test(path))).toEqual([]);
});

test("a production install brings at most 45 packages and 20 MB, and no compiler", async () => {
  const paths = production(readJson<Lock>("package-lock.json"));
  const bytes = paths.reduce((sum, path) => sum + folderBytes(root + path), (await packed).unpackedSize);

  expect(paths).toContain("node_modules/hono");
  expect(paths).not.toContain("node_modules/typescript"); // npm keeps what any of them names as an optional peer
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

/** Where the packages lie that `npm ci --omit=dev` installs: it leaves out just what the lock marks as `dev`. */
function production({ packages }: Lock): string[] {
  return Object.keys(packages).filter((path) => path !== "" && packages[path]?.dev !== true);
}

/** What a package's own files take on a disk, as `du` counts; the packages nested in it are counted by themselves. */
function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0; // for another platform
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .map((entry) => `${folder}/${entry.name}`)
    .reduce((sum, path) => sum + (statSync(path).isDirectory() ? folderBytes(path) : fileBytes(path)), blockBytes);
}

function fileBytes(path: string): number {
  return Math.ceil(statSync(path).size / blockBytes) * blockBytes;
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(root + path, "utf8")) as Content;
}
