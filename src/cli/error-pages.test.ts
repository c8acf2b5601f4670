import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Outcome, Retry } from "../base/errors.ts";
import { statusOf } from "../services/http/status.ts";
import { parseErrorPages } from "./error-pages.ts";

const pages = parseErrorPages(readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8"));
const shape = new RegExp(
  [
    "## QUORATE_[A-Z_]+",
    "What happened: [^#]+",
    "What it means: [^#]+",
    "What to do: [^#]+",
    [
      "- Retry: `(?<retry>now|elsewhere|never)`.*",
      "- Outcome: (?<outcome>.+)",
      "- HTTP status: (?<status>.+)",
      "- Exit code: (?:[0-9]+|–).*",
      "- Library: (?:`\\w+`|–)",
    ].join("\n"),
  ].join("\n\n"),
);

test.each([...pages])("the page of %s has the shape of all, and the HTTP status that is answered", (code, page) => {
  const { retry, outcome, status } = shape.exec(page)?.groups ?? {};
  const outcomes = [...(outcome?.matchAll(/`(not-applied|unknown)`/g) ?? [])].map(([, word]) => word as Outcome);
  const answered = outcomes.map((each) =>
    statusOf({ code: code as `QUORATE_${string}`, message: "", retry: retry as Retry, outcome: each }),
  );

  expect(outcomes.length, page).toBeGreaterThan(0);
  if (!status?.startsWith("–")) expect([...(status?.matchAll(/\d{3}/g) ?? [])].map(Number)).toEqual(answered);
});
