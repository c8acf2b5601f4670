import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BroadcastEvent,
  type BroadcastProperty,
  checkBroadcast,
  MalformedError,
  type MemberLog,
} from "../index.ts";

/** `a: +x -y` is a member that broadcasts x and delivers y; `a!` one that crashed. */
function logs(...lines: string[]): MemberLog[] {
  return lines.map((line) => {
    const [head = "", ...words] = line.split(" ");
    const events = words.map(
      (word): BroadcastEvent => ({
        kind: word.startsWith("+") ? "broadcast" : "deliver",
        message: word.slice(1),
      }),
    );
    return { member: head.replace(/[!:]/g, ""), events, hasCrashed: head.includes("!") };
  });
}

test.each<[BroadcastProperty, string, string[]]>([
  ["validity", "a broadcast x and never delivered it itself", ["a: +x", "b:"]],
  ["agreement", "a delivered x, and b never did", ["a!: +x -x", "b:"]],
  ["integrity", "a delivered x, which nobody broadcast", ["a: -x", "b: -x"]],
  ["integrity", "a delivered x twice", ["a: +x -x -x", "b: -x"]],
  ["integrity", "a delivered x before it broadcast it", ["a: -x +x", "b: -x"]],
  ["total-order", "a delivered x before y, and b delivered y before x", ["a: +x -x -y", "b: +y -y -x"]],
  ["total-order", "a delivered x before y, and c delivered y before x", ["a: +x +y +z -x -y -z", "b:", "c: -y -z -x"]],
  ["fifo-order", "b delivered y without x, which a broadcast before", ["a: +x +y -x -y", "b: -y -x"]],
  ["fifo-order", "b delivered y without x, which a broadcast before", ["a: +x +y -x -y", "b: -y"]],
  [
    "causal-order",
    "c delivered y without x, which its sender knew of when it broadcast y",
    ["a: +x -x -y", "b: -x +y -y", "c: -y -x"],
  ],
  [
    "causal-order",
    "d delivered z without x, which its sender knew of when it broadcast z",
    ["a: +x", "b: -x +y", "c: -x -y +z", "d: -z -x -y"],
  ],
  ["causal-order", "a delivered y before it can have been broadcast", ["a: -y +x", "b: -x +y"]],
])("%s is found broken: %s", (property, counterexample, lines) => {
  const verdict = checkBroadcast(logs(...lines), [property]);

  expect(verdict).toMatchObject({ kind: "violation", faults: [{ property, counterexample }] });
  expect(verdict.text()).toBe(`${property}: ${counterexample}`);
});

test("what keeps all properties is told so, line by line; a crashed member may miss what comes later", () => {
  const verdict = checkBroadcast(logs("a: +x -x -y", "b: -x +y -y", "c!: -x"));

  expect(verdict.kind).toBe("ok");
  expect(verdict.text()).toBe(
    ["validity", "agreement", "integrity", "total-order", "fifo-order", "causal-order"]
      .map((property) => `${property}: holds`)
      .join("\n"),
  );
});

test.each([
  [["a: +x", "b: +x"], "message x is broadcast twice"],
  [["a:", "a:"], "member a is listed twice"],
])("logs that say nothing clear are refused: %j", (lines, problem) => {
  const check = () => checkBroadcast(logs(...lines));

  expect(check).toThrow(MalformedError);
  expect(check).toThrow(problem);
});

/** The definitions as they are written, over all pairs of messages: what the checker is held against. */
function byDefinition(given: readonly MemberLog[]): Record<"total-order" | "fifo-order" | "causal-order", boolean> {
  const all = given.flatMap(({ events }) =>
    events.filter(({ kind }) => kind === "broadcast").map(({ message }) => message),
  );
  const place = (log: MemberLog, kind: string, message: string) =>
    log.events.findIndex((event) => event.kind === kind && event.message === message);
  const senderOf = (message: string) => given.find((log) => place(log, "broadcast", message) >= 0) as MemberLog;
  const sentBefore = (x: string, y: string) => {
    const at = place(senderOf(x), "broadcast", x);
    return senderOf(x) === senderOf(y) && at < place(senderOf(y), "broadcast", y);
  };
  const knownBefore = (x: string, y: string) => {
    const at = place(senderOf(y), "deliver", x);
    return sentBefore(x, y) || (at >= 0 && at < place(senderOf(y), "broadcast", y));
  };
  const causes = new Map(all.map((y) => [y, new Set(all.filter((x) => x !== y && knownBefore(x, y)))]));
  for (const middle of all) {
    for (const before of causes.values()) {
      if (before.has(middle)) for (const first of causes.get(middle) ?? []) before.add(first);
    }
  }
  const isWithout = (log: MemberLog, x: string, y: string) => {
    const [first, second] = [place(log, "deliver", x), place(log, "deliver", y)];
    return second >= 0 && (first < 0 || first > second);
  };
  const disagree = (x: string, y: string) =>
    given.some((log) => place(log, "deliver", x) >= 0 && place(log, "deliver", x) < place(log, "deliver", y)) &&
    given.some((log) => place(log, "deliver", y) >= 0 && place(log, "deliver", y) < place(log, "deliver", x));
  return {
    "total-order": !all.some((x) => all.some((y) => disagree(x, y))),
    "fifo-order": !given.some((log) => all.some((x) => all.some((y) => sentBefore(x, y) && isWithout(log, x, y)))),
    "causal-order": !given.some((log) => all.some((y) => [...(causes.get(y) ?? [])].some((x) => isWithout(log, x, y)))),
  };
}

test("a verdict is what the definitions say, on runs in which messages come in any order", () => {
  const move = fc.record({ member: fc.nat(2), choice: fc.nat(100), isBroadcast: fc.boolean() });
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(move, { maxLength: 14, size: "max" }), (moves) => {
      const events: BroadcastEvent[][] = [[], [], []];
      let count = 0;
      for (const { member, choice, isBroadcast } of moves) {
        const own = events[member] ?? [];
        const left = Array.from({ length: count }, (_, message) => String(message)).filter(
          (message) => !own.some((event) => event.kind === "deliver" && event.message === message),
        );
        const message = left[choice % left.length];
        if (isBroadcast) own.push({ kind: "broadcast", message: String(count++) });
        else if (message !== undefined) own.push({ kind: "deliver", message });
      }
      const given = events.map((each, at) => ({ member: "abc"[at] ?? "", events: each }));

      const { faults } = checkBroadcast(given);

      for (const [property, holds] of Object.entries(byDefinition(given))) {
        seen.add(`${property} ${holds}`);
        expect([property, !faults.some((fault) => fault.property === property)]).toEqual([property, holds]);
      }
    }),
    { numRuns: 500 },
  );
  expect(seen.size).toBe(6);
});

test("a hundred thousand deliveries are checked well within the time of a test", () => {
  const members = 10;
  const perMember = 1000;
  const given = Array.from({ length: members }, (_, member): MemberLog => {
    const events: BroadcastEvent[] = [];
    for (let round = 0; round < perMember; round++) {
      events.push({ kind: "broadcast", message: `${member}-${round}` });
      for (let other = 0; other < members; other++) events.push({ kind: "deliver", message: `${other}-${round}` });
    }
    return { member: `m${member}`, events };
  });

  const verdict = checkBroadcast(given);

  expect(verdict.faults).toEqual([]);
});
