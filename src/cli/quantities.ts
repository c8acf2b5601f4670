import { CommandFailure, exitCode } from "./exit.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Reads an option that is `300ms`, `1.5s` or `2m` as milliseconds, between 0 and `msMax`. */
export function parseDuration(text: string, name: string, msMax: number): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const ms = Number(amount) * (unitMs[unit] ?? Number.NaN);
  if (!(ms <= msMax)) {
    throw new CommandFailure(
      exitCode.usage,
      `${name} must be a duration up to ${msMax} ms, like 300ms or 2s; not ${text}`,
    );
  }
  return ms;
}

/** A duration as a person reads it: `87 ms`, `1.4 s`. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Reads an option that is a whole number from `least` to `most`; undefined when it was not given. */
export function parseWhole(text: string | undefined, name: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new CommandFailure(exitCode.usage, `${name} must be a whole number from ${least} to ${most}, not ${text}`);
}
