import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What a process did to one file, and said, in order. */
export type Traced =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Buffer; readonly isThrough: boolean }
  | { readonly kind: "sync" }
  | { readonly kind: "said"; readonly text: string };

/** Whether system calls can be looked at here. */
export function canTrace(): boolean {
  return process.platform === "linux" && spawnSync("strace", ["-V"], { stdio: "ignore" }).status === 0;
}

/** Runs a file of this folder, and tells what its first thread did to the file whose path ends with `name`. */
export function traceWrites(child: string, args: readonly string[], name: string, trace: string): readonly Traced[] {
  const script = fileURLToPath(new URL(child, import.meta.url));
  const calls = "trace=openat,close,lseek,pwrite64,writev,write,fdatasync,fsync";
  const strace = [
    "-xx",
    "-s",
    "1048576",
    "-e",
    calls,
    "-o",
    trace,
    process.execPath,
    "--import",
    "tsx",
    script,
    ...args,
  ];
  const { status, stderr } = spawnSync("strace", strace, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`the traced process ended with ${status}:\n${stderr}`);
  return [...readTrace(readFileSync(trace, "latin1"), name)];
}

function* readTrace(text: string, name: string): Generator<Traced> {
  const opened = new Map<string, { readonly isThrough: boolean; position: number }>();
  for (const line of text.split("\n")) {
    const [, call = "", rest = "", result = ""] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(line) ?? [];
    const [fd = "", ...others] = rest.split(", ");
    const file = opened.get(fd);
    if (
      call === "openat" &&
      decode(others[0] ?? "")
        .toString()
        .endsWith(name)
    ) {
      opened.set(result, { isThrough: rest.includes("O_DSYNC"), position: 0 });
    } else if (call === "close") opened.delete(fd);
    else if (call === "write" && fd === "1") yield { kind: "said", text: decode(others[0] ?? "").toString() };
    else if (file === undefined) continue;
    else if (call === "lseek") file.position = Number(result);
    else if (call === "fdatasync" || call === "fsync") yield { kind: "sync" };
    else if (call === "pwrite64" || call === "writev") {
      const bytes = decode(rest).subarray(0, Number(result));
      const offset = call === "pwrite64" ? Number(others.at(-1)) : file.position;
      if (bytes.length !== Number(result))
        throw new Error(`not all that was written can be seen: ${line.slice(0, 80)}`);
      yield { kind: "write", offset, bytes, isThrough: file.isThrough };
    }
  }
}

/** The bytes of all strings in a line, one after the other. */
function decode(text: string): Buffer {
  return Buffer.from(
    [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)]
      .map(([, hex = ""]) => hex)
      .join("")
      .replaceAll("\\x", ""),
    "hex",
  );
}
