import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { toUtf8 } from "../../../base/text.ts";
import { foundingOf, viewOf } from "../membership/configurations.ts";
import type { Base, PaxosMessage, Update } from "../messages.ts";
import { encodeChange } from "./change-codec.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";
import { decodeRecord, encodeRecord, type LoggedRecord, recordKinds } from "./record-codec.ts";

const fixtures = new URL("../../../../test/fixtures/multi-paxos-v1/", import.meta.url);

const members = [
  { id: "n1", address: "10.0.0.1:12379" },
  { id: "n2", address: "[::1]:22379" },
];
const change = encodeChange({ alpha: 1024, members, learners: [{ id: "n3", address: "" }] });
const updates: readonly Update[] = [
  { term: 5, kind: "none", payload: new Uint8Array(0), client: 0, timestamp: 0 },
  { term: 5, kind: "none", payload: new Uint8Array(0), client: 0, timestamp: 0 },
  { term: 5, kind: "payload", payload: toUtf8("grüße"), client: 4_000_000_000_000, timestamp: 300 },
  { term: 6, kind: "members", payload: change, client: 0, timestamp: 0 },
];
const snapshot = { index: 300, term: 5, bytes: 70_000, checksum: 0xdeadbeef };
const founding = foundingOf(members, 1024);
const base: Base = {
  floor: 300,
  through: 310,
  configurations: [
    founding,
    { ...founding, epoch: 1, decided: 280, start: 1304, learners: [{ id: "n3", address: "" }] },
  ],
  clients: [{ client: 4_000_000_000_000, next: 299, above: [300, 302] }],
};
const stamp = { epoch: 1, aru: 310 };
const view = viewOf(1, 7);

/** What the lines of messages.hex say, in their order. */
const messages: readonly PaxosMessage[] = [
  { kind: "viewChange", ...stamp, attempted: view, heard: ["n1", "n2"] },
  { kind: "viewProof", ...stamp, installed: view, heard: [], leaderAlive: true },
  { kind: "prepare", ...stamp, view },
  {
    ...{ kind: "prepareOk", ...stamp, view, build: 9, part: 0, parts: 2 },
    reports: updates.map((update, at) => ({ seq: 311 + at, accepted: at === 0 ? 0 : view - at, update })),
  },
  { kind: "proposal", ...stamp, view, first: 311, updates, ordered: 310, stable: 300 },
  { kind: "accept", ...stamp, view, first: 311, last: 314 },
  { kind: "heartbeat", ...stamp, view, ordered: 310, stable: 300, round: 12 },
  { kind: "heartbeatOk", ...stamp, view, round: 12 },
  { kind: "clientUpdate", ...stamp, updates: updates.slice(2, 3), hops: 1 },
  { kind: "read", ...stamp, life: 4_000_000_000_000, ask: 2 },
  { kind: "readOk", ...stamp, life: 4_000_000_000_000, ask: 2, next: 310 },
  { kind: "reconcile", epoch: -1, aru: 0, first: 0 },
  { kind: "reconcileData", ...stamp, first: 1, updates, founding },
  { kind: "reconcileData", ...stamp, first: 301, updates },
  { kind: "offer", ...stamp, snapshot, base },
  { kind: "fetch", ...stamp, snapshot, offset: 65_536 },
  { kind: "chunk", ...stamp, snapshot, offset: 65_536, bytes: toUtf8("piece") },
  { kind: "transfer", ...stamp, view },
  { kind: "grant", ...stamp, view, round: 12, clock: 4_000_000_000_000 },
  { kind: "heirPrepare", ...stamp, view, appointedIn: view - 1 },
  { kind: "leaseRead", ...stamp, life: 4_000_000_000_000, ask: 2 },
];

/** What the lines of records.hex say, in their order. */
const records: readonly LoggedRecord[] = [
  { kind: "view", view },
  { kind: "accepted", view, first: 311, updates },
  { kind: "learned", first: 311, updates },
  { kind: "ordered", through: 314 },
  { kind: "base", base, snapshot, isOwn: true, promised: view },
  { kind: "base", base, snapshot: undefined, isOwn: false, promised: 0 },
  { kind: "pending", updates: updates.slice(2, 3) },
  { kind: "pending", updates: [] },
];

/** Each line: a kind, then its bytes as hexadecimal digits. */
function lines(file: string): { kind: string; bytes: Uint8Array }[] {
  const text = readFileSync(new URL(file, fixtures), "utf8").trimEnd();
  return text.split("\n").map((line) => {
    const [kind = "", hex = ""] = line.split(" ");
    return { kind, bytes: Uint8Array.from(Buffer.from(hex, "hex")) };
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("messages of format 1 are read for ever, and written as they always were", () => {
  const stored = lines("messages.hex");

  expect(stored.map(({ bytes }) => decodeMessage(bytes))).toEqual(messages);
  expect(messages.map((message) => hex(encodeMessage(message)))).toEqual(stored.map(({ bytes }) => hex(bytes)));
});

test("records of format 1 are read for ever, and written as they always were", () => {
  const kinds: readonly string[] = recordKinds;
  const stored = lines("records.hex");

  expect(stored.map(({ kind, bytes }) => decodeRecord(kinds.indexOf(kind), bytes))).toEqual(records);
  expect(records.map((record) => hex(encodeRecord(record)))).toEqual(stored.map(({ bytes }) => hex(bytes)));
});

test("every kind of message and record has its line", () => {
  const kinds = (file: string) => new Set(lines(file).map(({ kind }) => kind));

  expect(kinds("messages.hex")).toEqual(new Set(messages.map(({ kind }) => kind)));
  expect(kinds("messages.hex").size).toBe(20);
  expect(kinds("records.hex")).toEqual(new Set(recordKinds));
});
