import { readFileSync } from "node:fs";
import { CommandFailure, exitCode } from "./exit.ts";
import { nearest } from "./nearest.ts";

/** The sections of docs/errors.md by code; a section goes from its `## CODE` to the next heading of that level. */
export function parseErrorPages(markdown: string): ReadonlyMap<string, string> {
  const sections = markdown.split(/^(?=## )/m).slice(1);
  const pages = sections.map(
    (section) => [/^## `?(QUORATE_[A-Z_]+)`?/.exec(section)?.[1] ?? "", section.trim()] as const,
  );
  return new Map(pages.filter(([code]) => code !== ""));
}

/** The page of an error code, from the docs shipped with the package. */
export function errorPage(code: string): string {
  const pages = parseErrorPages(readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8"));
  const wanted = code.toUpperCase();
  const page = pages.get(wanted);
  if (page !== undefined) return page;
  const close = nearest(wanted, [...pages.keys()], 3);
  const hint =
    close.length > 0 ? `did you mean ${close.join(", ")}?` : `the codes are ${[...pages.keys()].sort().join(", ")}`;
  throw new CommandFailure(exitCode.usage, `there is no error code ${code}; ${hint}`);
}
