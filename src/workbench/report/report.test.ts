import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { RecordedRun } from "../run/recorded-run.ts";
import { drawReport } from "./report.ts";
import { diagramScript, tableScript } from "./scripts.ts";

const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&<!--";
const none = { sent: 0, doubled: 0, received: 0, lost: 0 };
const run: RecordedRun = {
  workload: "broadcast",
  command: ["maelstrom", "test", "--", hostile],
  seed: 7,
  startedAt: "2026-01-02T03:04:05.000Z",
  durationNs: 2e9,
  nodes: ["n0", "n1"],
  history: [
    { process: 0, type: "invoke", f: "broadcast", value: 1, timeNs: 1e8, node: "n0" },
    { process: 0, type: "ok", f: "broadcast", value: 1, timeNs: 1.5e8, node: "n0" },
    { process: 1, type: "invoke", f: "read", value: null, timeNs: 5e8, node: "n1" },
    { process: 1, type: "ok", f: "read", value: [hostile], timeNs: 5.2e8, node: "n1" },
    { process: 1, type: "invoke", f: "read", value: null, timeNs: 9e8, node: "n1" },
    { process: 1, type: "info", f: "read", value: null, timeNs: 1.9e9, node: "n1", error: hostile },
  ],
  messages: [
    { id: 0, src: "c1", dest: "n0", body: { type: "broadcast", message: 1 }, sentNs: 1e8, receivedNs: 1.2e8 },
    { id: 1, src: "n0", dest: "n1", body: { type: hostile, text: hostile }, sentNs: 1.3e8, lost: "partition" },
    { id: 2, src: "n0", dest: hostile, body: {}, sentNs: 1.4e8, lost: "end" },
    { id: 3, src: "n0", dest: "n1", body: { type: "gossip" }, sentNs: 2e8, receivedNs: 3e8, duplicateOf: 1 },
  ],
  traffic: { all: { sent: 4, doubled: 1, received: 2, lost: 2 }, clients: none, servers: none },
  bands: [{ kind: "partition", what: "n0 | n1", fromNs: 1e8, toNs: 4e8 }],
  valid: false,
  parts: [
    { name: "availability", valid: true, anomalies: [], figures: { ok: 2 } },
    {
      name: "workload",
      valid: false,
      anomalies: [{ name: "lost", explanation: `1 was lost ${hostile}`, events: [0, 3] }],
      figures: { lostCount: 1, worst: [{ element: hostile }], nothing: undefined },
    },
  ],
};

const dataOf = (page: string) => JSON.parse(/id="data">(.*)<\/script>/.exec(page)?.[1] ?? "");

test("a page needs nothing else, and nothing that a node said becomes part of it", () => {
  const page = drawReport(run);

  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)|<link|@import|url\(/);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page.match(/<img|onerror=alert\(1\)>"'/g)).toBeNull();
  expect(page.match(/<!--/g)).toBeNull();
  expect(dataOf(page).messages.bodies[1]).toBe(JSON.stringify({ type: hostile, text: hostile }));
});

test("the verdict comes with the worst part first, its anomalies, their moments and the figures", () => {
  const page = drawReport(run);

  const verdict = page.slice(page.indexOf("<h2>Verdict"), page.indexOf("<h2>Messages"));
  expect(page).toMatch(/<pre>operations [^<]*\nmessages [^<]*\npartition +0\.1 s to 0\.4 s: n0 \| n1<\/pre>/);
  expect(page).toContain('<h1>broadcast <span class="badge invalid">invalid</span></h1>');
  expect(verdict.indexOf("workload")).toBeLessThan(verdict.indexOf("availability"));
  expect(verdict).toContain("<b>lost</b>");
  expect(verdict).toContain('<button data-time="520" title="show the messages around it">#3 at 0.520 s</button>');
  expect(verdict).toContain("<tr><th>lost count</th><td>1</td></tr>");
  expect(verdict).not.toContain("nothing");
});

test("messages are packed with rows for all clients, nodes and others, and with what became of them", () => {
  const { messages, bands, operations } = dataOf(drawReport(run));

  expect(messages).toMatchObject({
    total: 4,
    rows: ["clients", "n0", "n1", hostile.slice(0, 60)],
    nodes: 2,
    types: ["broadcast", hostile.slice(0, 60), "no type", "gossip"],
    fates: ["received", "lost: partition", "lost: end"],
    src: [0, 1, 1, 1],
    dest: [1, 2, 3, 2],
    sent: [100_000, 130_000, 140_000, 200_000],
    took: [20_000, -1, -1, 100_000],
    fate: [0, 1, 2, 0],
    doubled: [3],
  });
  expect(bands).toEqual([["partition", "n0 | n1", 100, 400]]);
  expect(operations.rows[2]).toEqual([4, 900, 1, "n1", "read", "", "info", hostile, 1000]);
});

test("plots show each request, medians, and faults as bands", () => {
  const page = drawReport(run);

  const latencies = page.slice(page.indexOf("<h2>Latencies"), page.indexOf("<h2>Rates"));
  expect(latencies.match(/<circle class="ok"/g)).toHaveLength(2);
  expect(latencies.match(/<circle class="info"/g)).toHaveLength(1);
  expect(latencies.match(/<path class="q(50|95|100)"/g)).toHaveLength(3);
  expect(latencies).toContain("<title>partition: n0 | n1</title>");
  expect(page.slice(page.indexOf("<h2>Rates")).match(/<polyline class="rate/g)).toHaveLength(2);
});

test("of very many messages the page holds the first, and their number; bodies fill a bounded space", () => {
  const messages = Array.from({ length: 101_000 }, (_, id) => {
    return {
      id,
      src: "n0",
      dest: `n${id}`,
      body: { type: `t${id}`, text: "x".repeat(100) },
      sentNs: id,
      receivedNs: id + 1,
    };
  });
  const traffic = { all: { sent: 2e6, doubled: 0, received: 2e6, lost: 0 }, clients: none, servers: none };

  const page = drawReport({ ...run, messages, traffic, history: [] });

  const packed = dataOf(page).messages;
  expect([packed.sent.length, packed.total, packed.types.length, packed.rows.length]).toEqual([100_000, 2e6, 61, 281]);
  expect(page.length).toBeLessThan(10e6);
  expect(page).toContain("No request has ended.");
});

test("the scripts of the page are scripts", () => {
  const parse = (script: string) => runInNewContext(`(() => {${script}})`);

  expect(parse(diagramScript + tableScript)).toBeTypeOf("function");
});
