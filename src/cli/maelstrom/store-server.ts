import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import { Readable } from "node:stream";
import { Hono } from "hono";
import { escapeHtml } from "../../checker/report/picture.ts";
import type { App } from "../../services/http/exchange.ts";
import { guard } from "../../services/http/guard.ts";
import { findStored, type ListedTest, listFolder, listTests } from "../../workbench/store/listing.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json",
  ".jsonl": "text/plain; charset=utf-8",
  ".log": "text/plain; charset=utf-8",
};
/** Reports have their scripts and styles within; what nodes wrote must not reach anything else. */
const safely = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:",
  "x-content-type-options": "nosniff",
};

/** The routes of a store: a list of all tests, and what each of them left. Nothing outside the store is served. */
export function storeApp(store: string, host: string): App {
  const app: App = new Hono();
  app.use(guard([host]));
  app.get("/", () => page("tests", testTable(listTests(store))));
  app.get("/*", ({ req }) => {
    const path = decode(req.path);
    const found = path === undefined ? undefined : findStored(store, path);
    if (found === undefined) return page("not here", "<p>There is nothing of that name in the store.</p>", 404);
    if (!found.isFolder) return file(found.file);
    if (!req.path.endsWith("/"))
      return new Response(null, { status: 302, headers: { location: `${basename(req.path)}/` } });
    return page(basename(found.file), fileList(listFolder(found.file)));
  });
  return app;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // a `%` that stands for nothing
  }
}

function file(path: string): Response {
  const type = contentTypes[extname(path)] ?? "application/octet-stream";
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
  return new Response(body, { headers: { "content-type": type, ...safely } });
}

function page(title: string, content: string, status = 200): Response {
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><h1>${escapeHtml(title)}</h1>`,
    `${content}</body></html>`,
  ];
  return new Response(html.join("\n"), { status, headers: { "content-type": contentTypes[".html"] ?? "", ...safely } });
}

function testTable(tests: readonly ListedTest[]): string {
  if (tests.length === 0) return "<p>No test has been kept yet.</p>";
  const rows = tests.map(({ workload, time, valid, nodes, command }) => {
    const folder = `/${encodeURIComponent(workload)}/${encodeURIComponent(time)}`;
    const cells = [
      `<a href="${folder}/report.html">${escapeHtml(workload)}</a>`,
      `<a href="${folder}/">${escapeHtml(time)}</a>`,
      `<span class="${escapeHtml(valid)}">${escapeHtml({ true: "valid", false: "invalid" }[valid] ?? valid)}</span>`,
      escapeHtml(nodes),
      `<code>${escapeHtml(command)}</code>`,
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const head = ["report", "files", "verdict", "nodes", "command"].map((name) => `<th>${name}</th>`).join("");
  return `<table><tr>${head}</tr>\n${rows.join("\n")}</table>`;
}

function fileList(names: readonly string[]): string {
  const items = names.map((name) => `<li><a href="${encodeURI(name)}">${escapeHtml(name)}</a></li>`);
  return `<p><a href="/">all tests</a></p><ul>${items.join("\n")}</ul>`;
}

const style = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:90em}
td{white-space:nowrap}
td:last-child{white-space:normal}
table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:left;vertical-align:top;border-bottom:1px solid #8884}
.true{color:light-dark(#080,#4c6)}
.false{color:light-dark(#c00,#f76);font-weight:bold}
.unknown{color:light-dark(#950,#db3)}code{font-size:85%}`;
