import { readFileSync } from "node:fs";

/** Memory that a process holds, in MiB, now and at its highest (Linux). */
export function residentMebibytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const figure = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
  return { now: figure("VmRSS"), peak: figure("VmHWM") };
}
