import { expect, test } from "vitest";
import { Journal } from "./journal.ts";

test("traffic of clients and between servers is counted apart", () => {
  const journal = new Journal();
  const fromClient = journal.sent({ src: "c1", dest: "n0", body: { type: "read" }, sentNs: 1 });
  const first = journal.sent({ src: "n0", dest: "n1", body: { type: "gossip" }, sentNs: 2 });
  const second = journal.sent({ src: "n0", dest: "lin-kv", body: { type: "read" }, sentNs: 3 });

  const copy = journal.sent({ src: "n0", dest: "n1", body: { type: "gossip" }, sentNs: 2, duplicateOf: first.id });
  journal.received(fromClient, 4);
  journal.received(second, 5);
  journal.lost(first, "partition");
  journal.received(copy, 6);

  expect(journal.traffic.all).toEqual({ sent: 4, doubled: 1, received: 3, lost: 1 });
  expect(journal.traffic.clients).toEqual({ sent: 1, doubled: 0, received: 1, lost: 0 });
  expect(journal.traffic.servers).toEqual({ sent: 3, doubled: 1, received: 2, lost: 1 });
  expect(journal.messages.map(({ id, lost, receivedNs }) => [id, lost, receivedNs])).toEqual([
    [0, undefined, 4],
    [1, "partition", undefined],
    [2, undefined, 5],
    [3, undefined, 6],
  ]);
});

test("the first messages are kept, up to so many characters; all are counted", () => {
  const journal = new Journal(100);
  for (const characters of [60, 30, 20, 5]) journal.sent({ src: "n0", dest: "n1", body: {}, sentNs: 1 }, characters);

  expect(journal.messages.map(({ id }) => id)).toEqual([0, 1]);
  expect(journal.traffic.all.sent).toBe(4);
});
