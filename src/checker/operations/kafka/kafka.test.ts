import { expect, test } from "vitest";
import { type Told, tell } from "../../../../test/support/operations.ts";
import { judgeKafka } from "../../index.ts";

const send = (process: number, key: string, message: unknown, offset: number): Told => [
  `${process} send`,
  [["send", key, message]],
  "ok",
  [["send", key, [offset, message]]],
];
const poll = (process: number, messages: Readonly<Record<string, readonly (readonly [number, unknown])[]>>): Told => [
  `${process} poll`,
  [["poll"]],
  "ok",
  [["poll", messages]],
];
const assign = (process: number, ...keys: string[]): Told => [`${process} assign`, keys, "ok"];
const names = (...requests: readonly Told[]) => judgeKafka(tell(...requests)).anomalies.map(({ name }) => name);
const three = [send(0, "k", "a", 0), send(0, "k", "b", 2), send(0, "k", "c", 5)];
const all = poll(9, {
  k: [
    [0, "a"],
    [2, "b"],
    [5, "c"],
  ],
});

test("logs whose messages everyone polls in order are right, whatever gaps their offsets have", () => {
  const { valid, figures } = judgeKafka(
    tell(
      ...three,
      poll(1, { k: [[0, "a"]] }),
      poll(1, {}),
      poll(1, {
        k: [
          [2, "b"],
          [5, "c"],
        ],
      }),
      ["0 crash", null, "info"],
    ),
  );

  expect([valid, figures]).toEqual([true, { sent: 3, polled: 3, anomalyCounts: {} }]);
});

test("a message before one that was polled is lost if nobody polled it; after it, it is unseen", () => {
  const { anomalies } = judgeKafka(tell(...three, poll(1, { k: [[0, "a"]] }), poll(2, { k: [[2, "b"]] })));
  const lost = judgeKafka(tell(...three, poll(2, { k: [[5, "c"]] }), poll(3, { k: [[0, "a"]] }))).anomalies;

  expect(anomalies.map(({ name }) => name)).toEqual(["unseen"]);
  expect(lost.map(({ name }) => name)).toEqual(["lost-write", "unseen"]);
  expect(lost[0]).toMatchObject({
    explanation:
      'Message "b" was sent to offset 2 of key k, and nobody polled it, though "c", which is later, was polled.',
    events: [2, 6],
  });
});

test("a send without an answer may be missing, and one that failed must be", () => {
  const open = ["0 send", [["send", "k", "x"]], "info"] as const;
  const failed = ["0 send", [["send", "k", "x"]], "fail"] as const;

  expect(names(...three, all, open)).toEqual([]);
  expect(names(...three, all, open, poll(8, { k: [[6, "x"]] }))).toEqual([]);
  expect(names(...three, all, failed, poll(8, { k: [[6, "x"]] }))).toEqual(["G1a"]);
  expect(names(...three, all, poll(8, { k: [[6, "x"]] }))).toEqual(["unwritten-read"]);
  expect(names(poll(8, { k: [[6, "x"]] }), send(0, "k", "x", 6))).toEqual(["G1c-realtime"]);
});

test("two messages at one offset, and one message at two", () => {
  expect(names(send(0, "k", 1, 0), send(1, "k", 2, 0), poll(2, { k: [[0, 1]] }), poll(3, { k: [[0, 2]] }))).toEqual([
    "inconsistent-offsets",
  ]);
  expect(names(send(0, "k", 1, 0), poll(2, { k: [[0, 1]] }), poll(3, { k: [[1, 1]] }))).toEqual(["duplicate"]);
});

test("one poll must not go back nor leave a message out", () => {
  expect(
    names(
      ...three,
      all,
      poll(1, {
        k: [
          [0, "a"],
          [5, "c"],
        ],
      }),
    ),
  ).toEqual(["int-poll-skip"]);
  expect(
    names(
      ...three,
      all,
      poll(1, {
        k: [
          [2, "b"],
          [0, "a"],
        ],
      }),
    ),
  ).toEqual(["int-nonmonotonic-poll"]);
});

test("nor must a process from one poll to the next, unless the key was assigned anew", () => {
  const [first, second, third] = [poll(1, { k: [[0, "a"]] }), poll(1, { k: [[2, "b"]] }), poll(1, { k: [[5, "c"]] })];
  const rewind = tell(...three, all, third).concat({
    ...{ process: 1, type: "invoke", f: "assign", value: ["k"], timeNs: 20, seekToBeginning: true },
  } as const);

  expect(names(...three, all, first, third)).toEqual(["poll-skip"]);
  expect(names(...three, all, second, first)).toEqual(["nonmonotonic-poll"]);
  expect(names(...three, all, second, second)).toEqual(["nonmonotonic-poll"]);
  expect(names(...three, all, first, assign(1, "k"), third)).toEqual(["poll-skip"]);
  expect(names(...three, all, first, assign(1, "j"), assign(1, "k"), third)).toEqual([]);
  expect(judgeKafka([...rewind, ...tell(first)]).valid).toBe(true);
});

test("what one process sends to a key goes forward in its log", () => {
  expect(
    names(
      send(0, "k", 1, 5),
      send(0, "k", 2, 3),
      poll(1, {
        k: [
          [3, 2],
          [5, 1],
        ],
      }),
    ),
  ).toEqual(["nonmonotonic-send"]);
});

test("a transaction that polls what it sends itself, and answers of another form", () => {
  const own = [
    "0 txn",
    [["send", "k", 1], ["poll"]],
    "ok",
    [
      ["send", "k", [0, 1]],
      ["poll", { k: [[0, 1]] }],
    ],
  ] as const;

  expect(names(own)).toEqual(["precommitted-read"]);
  expect(names(["0 poll", [["poll"]], "ok", [["poll", { k: [["0", 1]] }]]])).toEqual(["malformed-answer"]);
  expect(names(["0 send", [["send", "k", 1]], "ok", [["send", "k", [0, 2]]]])).toEqual(["malformed-answer", "unseen"]);
  expect(names(["0 poll", [["poll"]], "ok", null])).toEqual(["malformed-answer"]);
});

test("a poll is judged whatever its length", () => {
  const pairs = Array.from({ length: 200_000 }, (_, offset) => [offset, 0] as const);

  expect(new Set(names(poll(1, { k: pairs })))).toEqual(
    new Set(["unwritten-read", "duplicate", "int-nonmonotonic-poll"]),
  );
});
