import type { ProtocolOption } from "./protocol.ts";

/** What options are when they are left out, by their names as words. */
export function usualOf(options: readonly ProtocolOption[]): Record<string, string> {
  return Object.fromEntries(
    options.flatMap(({ flags, usual }) => (usual === undefined ? [] : [[nameOf(flags), usual]])),
  );
}

/** The name of an option among the words: `statesMax` for `--states-max <count>`. */
export function nameOf(flags: string): string {
  return flags.replace(/^--| .*$/g, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
