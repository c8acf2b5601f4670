import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MalformedError } from "../../../base/errors.ts";
import { toUtf8 } from "../../../base/text.ts";
import { encodeMembership } from "../../membership-codec.ts";
import { type Entry, type Membership, membershipOf, type SnapshotName } from "../../replicated-log.ts";
import type { RaftMessage } from "../messages.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";
import { decodeRecord, encodeRecord, type LoggedRecord, recordKinds } from "./record-codec.ts";

const fixtures = new URL("../../../../test/fixtures/", import.meta.url);

const entries: readonly Entry[] = [
  { term: 5, kind: "none", payload: new Uint8Array(0) },
  { term: 5, kind: "payload", payload: toUtf8("grüße") },
  { term: 6, kind: "members", payload: Uint8Array.of(0, 255) },
];
const snapshot: SnapshotName = { index: 300, term: 5, bytes: 70_000, checksum: 0xdeadbeef };
const membership = membershipOf([
  { id: "n1", address: "10.0.0.1:12379" },
  { id: "n2", address: "[::1]:22379" },
]);
const last = { index: 300, term: 5 };

/** What the lines of messages.hex say, in their order. */
const messages: readonly RaftMessage[] = [
  { kind: "preVote", term: 7, last },
  { kind: "preVoteReply", term: 7, granted: true },
  { kind: "vote", term: 7, last },
  { kind: "voteReply", term: 7, granted: false },
  { kind: "append", term: 7, previous: last, commit: 299, entries },
  { kind: "appendReply", term: 7, match: 303 },
  { kind: "appendConflict", term: 7, rejected: 300, hint: { index: 128, term: 4 } },
  { kind: "heartbeat", term: 7, commit: 300, round: 9, sent: 303 },
  { kind: "heartbeatReply", term: 7, round: 9, match: 303, missing: true },
  { kind: "chunk", term: 7, snapshot, membership, offset: 65_536, bytes: toUtf8("piece") },
  { kind: "chunkReply", term: 7, snapshot, received: 65_541 },
  {
    kind: "forward",
    term: 7,
    life: 4_000_000_000,
    number: 3,
    proposals: [{ id: 21, payloads: [toUtf8("a"), toUtf8("")] }],
  },
  {
    kind: "forwardReply",
    term: 7,
    life: 4_000_000_000,
    verdicts: [
      { kind: "accepted", id: 21, index: 304, count: 2 },
      { kind: "unknown", id: 22 },
      { kind: "refused", id: 23, reason: "no-leader" },
      { kind: "refused", id: 24, reason: "busy" },
      { kind: "refused", id: 25, reason: "too-large" },
      { kind: "refused", id: 26, reason: "stopping" },
      { kind: "refused", id: 27, reason: "disk-full" },
    ],
  },
  { kind: "barrier", term: 7, life: 4_000_000_000, ask: 2 },
  { kind: "barrierReply", term: 7, life: 4_000_000_000, ask: 2, index: 300 },
];

/** What the lines of records.hex say, in their order. */
const records: readonly LoggedRecord[] = [
  { kind: "state", term: 7, votedFor: "n2" },
  { kind: "state", term: 8, votedFor: undefined },
  { kind: "entries", from: 301, entries },
  { kind: "base", base: { index: 128, term: 4 }, snapshot, membership },
  { kind: "base", base: { index: 0, term: 0 }, snapshot: undefined, membership },
];

const joint: Membership = {
  members: membership.members,
  outgoing: [{ id: "n1", address: "10.0.0.1:12379" }],
  learners: [{ id: "n3", address: "" }],
};
const change: readonly Entry[] = [{ term: 7, kind: "members", payload: encodeMembership(joint) }];

/** What the lines of messages.hex of format 2 say: what format 1 cannot. */
const newMessages: readonly RaftMessage[] = [
  { kind: "vote", term: 7, last, isHandedOver: true },
  { kind: "append", term: 7, previous: last, commit: 299, entries: change, session: 301 },
  { kind: "append", term: 7, previous: last, commit: 299, entries: [], session: 1 },
  { kind: "appendReply", term: 7, match: 303, session: 301 },
  { kind: "appendConflict", term: 7, rejected: 300, hint: { index: 128, term: 4 }, session: 301 },
  { kind: "heartbeat", term: 7, commit: 300, round: 9, sent: 303, session: 301 },
  { kind: "heartbeatReply", term: 7, round: 9, match: 303, missing: true, session: 301 },
  { kind: "heartbeatReply", term: 7, round: 9, match: 303, missing: false, session: 301, clock: 0 },
  { kind: "chunk", term: 7, snapshot, membership: joint, offset: 65_536, bytes: toUtf8("piece"), session: 301 },
  { kind: "chunkReply", term: 7, snapshot, received: 65_541, session: 301 },
  { kind: "barrier", term: 7, life: 4_000_000_000, ask: 2, isLeaseEnough: true },
  { kind: "timeoutNow", term: 7 },
  { kind: "removed", term: 7, index: 303 },
];

/** What the lines of records.hex of format 2 say. */
const newRecords: readonly LoggedRecord[] = [
  { kind: "entries", from: 301, entries: change },
  { kind: "base", base: { index: 128, term: 4 }, snapshot, membership: joint },
  { kind: "state", term: 7, votedFor: undefined, joining: 301 },
];

/** Each line: a kind, then its bytes as hexadecimal digits. */
function lines(file: string, format = 1): { kind: string; bytes: Uint8Array }[] {
  const text = readFileSync(new URL(`raft-v${format}/${file}`, fixtures), "utf8").trimEnd();
  return text.split("\n").map((line) => {
    const [kind = "", hex = ""] = line.split(" ");
    return { kind, bytes: Uint8Array.from(Buffer.from(hex, "hex")) };
  });
}

test("messages of format 1 are read for ever", () => {
  const read = lines("messages.hex").map(({ bytes }) => decodeMessage(bytes));

  expect(read).toEqual(messages);
});

test("messages are written in format 1 as they always were", () => {
  const written = messages.map((message) => Buffer.from(encodeMessage(message)).toString("hex"));

  expect(written).toEqual(lines("messages.hex").map(({ bytes }) => Buffer.from(bytes).toString("hex")));
});

test("records of format 1 are read for ever", () => {
  const kinds: readonly string[] = recordKinds;
  const read = lines("records.hex").map(({ kind, bytes }) => decodeRecord(kinds.indexOf(kind), bytes));

  expect(read).toEqual(records);
});

test("records are written in format 1 as they always were, but for memberships, of which it only left the room", () => {
  const written = records.map((record) => Buffer.from(encodeRecord(record)).toString("hex"));
  const isWritten = (_line: unknown, at: number) => records[at]?.kind !== "entries";

  const stored = lines("records.hex").map(({ bytes }) => Buffer.from(bytes).toString("hex"));
  expect(written.filter(isWritten)).toEqual(stored.filter(isWritten));
});

test("every kind of message and record has its line", () => {
  const kinds = (file: string) => new Set(lines(file).map(({ kind }) => kind));

  expect(kinds("messages.hex")).toEqual(new Set(messages.map(({ kind }) => kind)));
  expect(kinds("messages.hex").size).toBe(15); // all that format 1 knows
  expect(kinds("records.hex")).toEqual(new Set(recordKinds));
});

test("messages and records of format 2 are read for ever", () => {
  const kinds: readonly string[] = recordKinds;

  expect(lines("messages.hex", 2).map(({ bytes }) => decodeMessage(bytes))).toEqual(newMessages);
  expect(lines("records.hex", 2).map(({ kind, bytes }) => decodeRecord(kinds.indexOf(kind), bytes))).toEqual(
    newRecords,
  );
});

test("what format 1 cannot say is written in format 2, and always the same", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

  const messagesStored = lines("messages.hex", 2).map(({ bytes }) => hex(bytes));
  const recordsStored = lines("records.hex", 2).map(({ bytes }) => hex(bytes));
  expect(newMessages.map((message) => hex(encodeMessage(message)))).toEqual(messagesStored);
  expect(newRecords.map((record) => hex(encodeRecord(record)))).toEqual(recordsStored);
  expect([...messagesStored, ...recordsStored].every((line) => line.startsWith("02"))).toBe(true);
});

test("who speaks version 1 takes nothing of format 2", () => {
  for (const { bytes } of lines("messages.hex", 2)) expect(() => decodeMessage(bytes, 0, 1)).toThrow("reads 1 to 1");
  for (const { bytes } of lines("messages.hex", 1)) expect(() => decodeMessage(bytes, 0, 1)).not.toThrow();
});

test("a membership in an entry of format 2 is checked when it is read", () => {
  const broken: readonly Entry[] = [{ term: 7, kind: "members", payload: Uint8Array.of(1, 1, 0) }];
  const message = encodeMessage({ kind: "append", term: 7, previous: last, commit: 0, entries: broken, session: 1 });

  expect(() => decodeMessage(message)).toThrow(MalformedError);
});
