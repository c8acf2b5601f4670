import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeMachine, splitEvery, wholeSnapshot } from "../../test/conformance/machine.ts";
import { bytesCodec, jsonCodec } from "../base/bytes.ts";
import { InvariantViolation } from "../base/invariant.ts";
import { fromUtf8, toUtf8 } from "../base/text.ts";
import { defineMachine } from "./machine.ts";
import { type SessionCommand, type SessionLimits, sessionLimits, withSessions } from "./sessions.ts";

/** Keeps every command it ever applied, with its index: the answer tells which try it was applied by. */
const journal = defineMachine({
  initial: () => ({ applied: [] as string[] }),
  apply: (state, command: string, index) => {
    if (command.startsWith("throw")) throw new Error(command);
    if (command === "broken") throw new InvariantViolation(command);
    state.applied.push(command);
    return `${command}@${index}`;
  },
  query: (state) => state.applied,
});

/** As `journal`, but with commands that cost nothing to read. */
const journalOfBytes = defineMachine({
  initial: () => ({ applied: [] as string[] }),
  command: bytesCodec,
  apply: (state, bytes, index) => {
    state.applied.push(fromUtf8(bytes));
    return index;
  },
  query: (state) => state.applied,
});

const command = (text: string) => jsonCodec<string>().encode(text);

/** The first request of client "c", issued at 0, unless told otherwise. */
function request(text: string, part: Partial<SessionCommand> = {}): SessionCommand {
  return { client: "c", sequence: 1, settledBelow: 1, issuedAt: 0, command: command(text), ...part };
}

function newJournal(limits: Partial<SessionLimits> = {}) {
  const machine = withSessions(journal, { ...sessionLimits, ...limits });
  const state = machine.initial();
  let index = 0;
  return {
    machine,
    state,
    /** Applies at the next index. */
    apply: (given: SessionCommand) => machine.apply(state, given, ++index),
    applied: () => machine.query(state),
  };
}

const clients = ["a", "key:ä", "b"];

describeMachine("sessions", {
  machine: withSessions(journal, { retainedRequestsMax: 5, retainedBytesMax: 1100, clientsMax: 2 }),
  commands: fc
    .record({
      client: fc.constantFrom(...clients),
      sequence: fc.nat(10),
      settled: fc.nat(10),
      issuedAt: fc.nat(80),
      command: fc.constantFrom("x", "y", "throw").map(command),
    })
    .map(({ settled, ...rest }) => ({ ...rest, settledBelow: Math.max(0, rest.sequence - settled) })),
  questions: [undefined],
});

describe("a repeat", () => {
  test("is answered as before, and not applied again", () => {
    const sessions = newJournal();

    const answers = [1, 2, 3].map(() => sessions.apply(request("x")));

    expect(answers).toEqual(Array(3).fill({ kind: "answer", answer: "x@1" }));
    expect(sessions.applied()).toEqual(["x"]);
  });

  test("with another command is a mismatch, and the first answer stays", () => {
    const sessions = newJournal();
    sessions.apply(request("x"));

    expect(sessions.apply(request("y"))).toEqual({ kind: "mismatch" });
    expect(sessions.apply(request("x"))).toEqual({ kind: "answer", answer: "x@1" });
    expect(sessions.applied()).toEqual(["x"]);
  });

  test("of another client, or of another sequence, is none", () => {
    const sessions = newJournal();
    for (const part of [{}, { client: "d" }, { sequence: 2 }]) sessions.apply(request("x", part));

    expect(sessions.applied()).toEqual(["x", "x", "x"]);
  });

  test("of a failure fails the same way", () => {
    const sessions = newJournal();

    expect(sessions.apply(request("throw 1"))).toEqual({ kind: "failed", message: "throw 1" });
    expect(sessions.apply(request("throw 1"))).toEqual({ kind: "failed", message: "throw 1" });
    expect(sessions.apply(request("x"))).toEqual({ kind: "mismatch" });
  });

  test("below what its client has settled has expired, and is not applied", () => {
    const sessions = newJournal();
    sessions.apply(request("x"));
    sessions.apply(request("y", { sequence: 2, settledBelow: 2 }));

    expect(sessions.state.requestsByUse.size).toBe(1);
    expect(sessions.apply(request("x"))).toEqual({ kind: "expired" });
    expect(sessions.applied()).toEqual(["x", "y"]);
  });
});

describe("a failure", () => {
  test("of a command that is none is an answer", () => {
    const sessions = newJournal();
    const broken = request("x", { command: toUtf8("{") });

    expect(sessions.apply(broken)).toEqual({ kind: "failed", message: "malformed input: not JSON" });
    expect(sessions.apply(broken)).toEqual({ kind: "failed", message: "malformed input: not JSON" });
  });

  test("has a message of bounded size, well formed, and the same on a repeat", () => {
    const sessions = newJournal();
    const long = request(`throw${"\u{1F600}".repeat(1000)}`);

    const first = sessions.apply(long);

    expect(first.kind).toBe("failed");
    expect(sessions.machine.answer.encode(first).length).toBeLessThanOrEqual(1024);
    expect(sessions.apply(long)).toEqual(first);
  });

  test("of an invariant is no answer: it stops the node", () => {
    expect(() => newJournal().apply(request("broken"))).toThrow(InvariantViolation);
  });

  test("to encode the answer is one, too", () => {
    const machine = withSessions(defineMachine({ initial: () => ({}), apply: (_, _command: string): unknown => 1n }));

    expect(machine.apply(machine.initial(), request("x"), 1)).toMatchObject({ kind: "failed" });
  });
});

describe("beyond the limits", () => {
  test("the answers longest unused are forgotten; their repeats have expired", () => {
    const sessions = newJournal({ retainedRequestsMax: 2 });
    const [x, y, z] = ["x", "y", "z"].map((text, at) => request(text, { sequence: at + 1 })) as [
      SessionCommand,
      SessionCommand,
      SessionCommand,
    ];
    sessions.apply(x);
    sessions.apply(y);
    sessions.apply(x); // so y is now the longest unused
    sessions.apply({ ...z, issuedAt: 2 });

    expect(sessions.state.floor).toBe(2);
    expect(sessions.apply(x)).toEqual({ kind: "answer", answer: "x@1" });
    expect(sessions.apply(y)).toEqual({ kind: "expired" });
    expect(sessions.apply({ ...y, sequence: 9, issuedAt: 1 })).toEqual({ kind: "expired" }); // could be a forgotten one
    expect(sessions.applied()).toEqual(["x", "y", "z"]);
  });

  test("bytes of answers count, and a failure counts 1 kB however short", () => {
    const sessions = newJournal({ retainedBytesMax: 1500 });
    sessions.apply(request("throw", { sequence: 1 }));
    sessions.apply(request("x".repeat(200), { sequence: 2 }));
    expect(sessions.state.floor).toBe(0);

    sessions.apply(request("throw", { sequence: 3 }));

    expect(sessions.state.floor).toBe(1);
    expect(sessions.state.retainedBytes).toBeLessThanOrEqual(1500);
    expect(sessions.state.requestsByUse.size).toBe(2);
  });

  test("an answer too large to keep is given once", () => {
    const sessions = newJournal({ retainedBytesMax: 100 });
    const large = request("x".repeat(200));

    expect(sessions.apply(large).kind).toBe("answer");
    expect(sessions.apply(large)).toEqual({ kind: "expired" });
    expect(sessions.state.retainedBytes).toBe(0);
  });

  test("the clients longest unused are forgotten with all they settled", () => {
    const sessions = newJournal({ clientsMax: 2 });
    sessions.apply(request("a1", { client: "a" }));
    sessions.apply(request("a2", { client: "a", sequence: 2, settledBelow: 2 }));
    sessions.apply(request("b1", { client: "b", issuedAt: 2 }));
    sessions.apply(request("c1", { client: "c", issuedAt: 3 }));

    expect([...sessions.state.clients.keys()]).toEqual(["b", "c"]);
    expect(sessions.apply(request("a1", { client: "a" }))).toEqual({ kind: "expired" });
    expect(sessions.apply(request("a2", { client: "a", sequence: 2, settledBelow: 2 }))).toEqual({ kind: "expired" });
    expect(sessions.apply(request("a3", { client: "a", sequence: 3, settledBelow: 3, issuedAt: 4 })).kind).toBe(
      "answer",
    );
  });

  test("a client in use is not forgotten, however old it is", () => {
    const sessions = newJournal({ clientsMax: 2 });
    sessions.apply(request("x"));
    sessions.apply(request("b", { client: "b" }));
    sessions.apply(request("x"));
    sessions.apply(request("d", { client: "d", issuedAt: 3 }));

    expect([...sessions.state.clients.keys()]).toEqual(["c", "d"]);
    expect(sessions.apply(request("x"))).toEqual({ kind: "answer", answer: "x@1" });
  });

  test("a request that claims to have been issued after its place in the order is not applied", () => {
    const sessions = newJournal();

    expect(sessions.apply(request("x", { issuedAt: 1 }))).toEqual({ kind: "expired" });
    expect(sessions.applied()).toEqual([]);
  });

  test("memory stays within the limits under many clients and settled requests", () => {
    const sessions = newJournal({ retainedRequestsMax: 50, clientsMax: 20 });

    for (let at = 0; at < 2000; at++) {
      sessions.apply(request("x", { client: `key:${at}`, issuedAt: at * 2 }));
      sessions.apply(
        request("y", { client: "server", sequence: at, settledBelow: Math.max(0, at - 10), issuedAt: at * 2 }),
      );
    }

    const { state } = sessions;
    expect(state.clients.size).toBe(20);
    expect(state.clientsByUse.size).toBe(20);
    expect(state.clients.get("server")?.requests.size).toBe(11);
    expect(state.requestsByUse.size).toBe(11 + 19);
    expect(state.retainedBytes).toBe(state.requestsByUse.toArray().reduce((sum, kept) => sum + kept.size, 0));
    expect(sessions.applied()).toHaveLength(4000);
  });
});

test("a snapshot carries the limits, so that a release with others goes on in step", async () => {
  const live = newJournal({ retainedRequestsMax: 3 });
  for (let at = 1; at <= 5; at++) live.apply(request(`x${at}`, { sequence: at, issuedAt: at - 1 }));
  const other = withSessions(journal, { ...sessionLimits, retainedRequestsMax: 100 });

  const restored = await other.restore(splitEvery(wholeSnapshot(live.machine.snapshot(live.state)), 9));

  for (let at = 1; at <= 8; at++) {
    const given = request(`x${at}`, { sequence: at, issuedAt: at - 1 });
    expect(other.apply(restored, given, at + 5)).toEqual(live.apply(given));
  }
  expect(other.query(restored)).toEqual(live.applied());
  expect(restored.floor).toBe(live.state.floor);
});

test("a command's frame refuses what no client sends", () => {
  const { command: codec } = withSessions(journal);
  const good = request("x", { client: "c".repeat(1024), sequence: 2 ** 50, settledBelow: 2 ** 49, issuedAt: 2 ** 48 });

  expect(codec.decode(codec.encode(good))).toEqual(good);
  expect(() => codec.decode(codec.encode({ ...good, client: "" }))).toThrow("names no client");
  expect(() => codec.decode(codec.encode({ ...good, client: "c".repeat(1025) }))).toThrow("over 1024");
  expect(() => codec.decode(Uint8Array.of(9, 1, 99, 1, 0, 0))).toThrow("version");
  expect(() => codec.decode(Uint8Array.of(1, 1, 99, 1, 2, 0))).toThrow("over 1"); // settled beyond itself
});

/** One of the tries on their way: they arrive in any order, any number of times. */
interface Tries {
  readonly issued: SessionCommand;
  first: unknown;
}

/** What chance decides at each step: who acts, and what happens. */
const moves = fc.array(fc.record({ client: fc.nat(5), kind: fc.nat(9), pick: fc.nat() }), {
  minLength: 20,
  maxLength: 250,
  size: "max",
});
const tinyLimits = fc.record({
  retainedRequestsMax: fc.integer({ min: 1, max: 8 }),
  retainedBytesMax: fc.integer({ min: 1, max: 120 }),
  clientsMax: fc.integer({ min: 1, max: 4 }),
});

test("whatever is repeated, reordered and forgotten, nothing is applied twice, and what is answered is answered the same", () => {
  let repeats = 0;
  let expiries = 0;
  fc.assert(
    fc.property(moves, tinyLimits, (steps, limits) => {
      const machine = withSessions(journalOfBytes, limits);
      const state = machine.initial();
      const sent: Tries[] = [];
      const next = new Map<number, number>();
      let index = 0;
      for (const { client, kind, pick } of steps) {
        if (kind < 4 || sent.length === 0) {
          const sequence = (next.get(client) ?? 0) + 1;
          next.set(client, sequence);
          const mine = sent.filter(({ issued }) => issued.client === `c${client}`);
          const waiting = mine.filter(({ first }) => first === undefined).map(({ issued }) => issued.sequence);
          const settledBelow = Math.min(sequence, ...waiting);
          const issuedAt = Math.max(0, index - (pick % 6)); // its issuer may lag behind
          const text = toUtf8(`c${client}/${sequence}`);
          sent.push({
            issued: { client: `c${client}`, sequence, settledBelow, issuedAt, command: text },
            first: undefined,
          });
          if (kind === 0) continue; // lost on the way, to arrive later
        }
        const tries = sent[kind < 4 ? sent.length - 1 : pick % sent.length] as Tries;
        const answer = machine.apply(state, tries.issued, ++index);
        if (answer.kind === "expired") expiries++;
        else if (tries.first === undefined) tries.first = answer;
        else {
          repeats++;
          expect(answer).toEqual(tries.first);
        }
      }

      expect(new Set(machine.query(state)).size).toBe(machine.query(state).length);
      expect(state.requestsByUse.size).toBeLessThanOrEqual(limits.retainedRequestsMax);
      expect(state.retainedBytes).toBeLessThanOrEqual(limits.retainedBytesMax);
      expect(state.clients.size).toBeLessThanOrEqual(limits.clientsMax);
    }),
    { numRuns: 300 },
  );
  expect(repeats).toBeGreaterThan(100); // else the property would hold of a machine that refuses everything
  expect(expiries).toBeGreaterThan(100);
});

test("within the limits no answer is ever lost", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { maxLength: 60 }), (tries) => {
      const machine = withSessions(journalOfBytes);
      const state = machine.initial();
      const firsts = new Map<string, unknown>();
      for (const [at, [client, sequence]] of tries.entries()) {
        const text = `c${client}/${sequence}`;
        const answer = machine.apply(
          state,
          { client: `c${client}`, sequence, settledBelow: 0, issuedAt: 0, command: toUtf8(text) },
          at + 1,
        );
        if (!firsts.has(text)) firsts.set(text, answer);
        expect(answer).toEqual(firsts.get(text));
      }

      expect([...machine.query(state)].sort()).toEqual([...firsts.keys()].sort());
    }),
    { numRuns: 100 },
  );
});
