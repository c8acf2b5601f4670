import { expect, test } from "vitest";
import { newRandom } from "../../base/random.ts";
import type { Body } from "../network/message.ts";
import { Network } from "../network/network.ts";
import { Journal } from "../run/journal.ts";
import { Timeline } from "../run/timeline.ts";
import { LastWriteWinsStore } from "./last-write-wins.ts";
import { LinearizableStore, TimestampOracle } from "./linearizable.ts";
import { SequentialStore } from "./sequential.ts";
import type { Service } from "./service.ts";
import { joinServices, newServices } from "./services.ts";

const read = (key: unknown = "x"): Body => ({ type: "read", key });
const write = (value: unknown, key: unknown = "x"): Body => ({ type: "write", key, value });
const cas = (from: unknown, to: unknown): Body => ({ type: "cas", key: "x", from, to });

test.each([
  ["lin-kv", () => new LinearizableStore()],
  ["seq-kv", () => new SequentialStore(newRandom(1))],
  ["lww-kv", () => new LastWriteWinsStore(newRandom(1), 1)],
] as const)("%s reads, writes and swaps as its protocol says", (_, make) => {
  const store: Service = make();
  const ask = (request: Body): Body => store.answer("n0", request);

  expect(ask(read())).toMatchObject({ type: "error", code: 20 });
  expect(ask(cas(1, 2))).toMatchObject({ type: "error", code: 20 });
  expect(ask({ ...cas(1, 2), create_if_not_exists: true })).toEqual({ type: "cas_ok" });
  expect(ask(cas(1, 3))).toEqual({ type: "error", code: 22, text: "current value 2 is not 1" });
  expect(ask(cas(2, { a: [1], b: null }))).toEqual({ type: "cas_ok" });
  expect(ask(cas({ b: null, a: [1] }, 4))).toEqual({ type: "cas_ok" });
  expect(ask(write(null))).toEqual({ type: "write_ok" });
  expect(ask(read())).toEqual({ type: "read_ok", value: null });
  expect(ask(read(["x"]))).toMatchObject({ code: 20 });
  expect(ask({ type: "delete", key: "x" })).toMatchObject({ type: "error", code: 10 });
});

test("lin-tso counts from 0 for all of its clients", () => {
  const oracle = new TimestampOracle();

  expect([oracle.answer("n0", { type: "ts" }), oracle.answer("n1", { type: "ts" })]).toEqual([
    { type: "ts_ok", ts: 0 },
    { type: "ts_ok", ts: 1 },
  ]);
  expect(oracle.answer("n0", { type: "read" })).toMatchObject({ code: 10 });
});

test("a client of seq-kv may read the past, but never goes back in it", () => {
  const store = new SequentialStore(newRandom(3));
  for (let value = 0; value < 16; value++) store.answer("writer", write(value));

  const firsts = Array.from({ length: 64 }, (_, client) => store.answer(`fresh ${client}`, read()).value);
  const own = Array.from({ length: 400 }, () => store.answer("reader", read()).value as number);

  expect(new Set(firsts).size).toBeGreaterThan(5);
  expect(own.slice(1).filter((value, at) => value < (own[at] ?? 0))).toEqual([]);
  expect(own.at(-1)).toBe(15);
});

test("a client of seq-kv that wrote something new sees all that was before it", () => {
  for (let seed = 0; seed < 16; seed++) {
    const store = new SequentialStore(newRandom(seed));
    for (let value = 0; value < 8; value++) store.answer("writer", write(value));

    store.answer("other", write(seed, "mine"));

    expect(store.answer("other", read()).value).toBe(7);
  }
});

test("what changes nothing in the past may happen there, also a write", () => {
  const results = new Set<unknown>();
  for (let seed = 0; seed < 64; seed++) {
    const store = new SequentialStore(newRandom(seed));
    store.answer("n1", write(1));
    const swapped = store.answer("n2", cas(1, 2)); // refused on a state from before the first write
    store.answer("n1", write(1)); // as if before the swap, or after it
    if (swapped.type === "cas_ok") results.add(store.answer("n2", read()).value);
  }

  expect(results).toEqual(new Set([1, 2]));
});

test("seq-kv forgets states that are more than 32 writes old", () => {
  const store = new SequentialStore(newRandom(1));
  for (let value = 0; value < 100; value++) store.answer("writer", write(value));

  const oldest = Math.min(
    ...Array.from({ length: 500 }, (_, client) => store.answer(`c${client}`, read()).value as number),
  );

  expect(oldest).toBe(100 - 32);
});

test("replicas of lww-kv lose writes, and agree in the end", () => {
  const store = new LastWriteWinsStore(newRandom(5));
  const seen = new Set<unknown>();
  for (let value = 0; value < 40; value++) {
    store.answer("n0", write(value));
    seen.add(store.answer("n0", read()).value === value);
  }

  for (let round = 0; round < 40; round++) store.answer("n0", read());
  const last = new Set(Array.from({ length: 40 }, () => store.answer("n0", read()).value));

  expect(seen).toEqual(new Set([true, false])); // what it wrote itself, or something else
  expect(last.size).toBe(1);
});

test("services do not answer each other, whoever speaks in their name", () => {
  const journal = new Journal();
  const conditions = { latencyMs: 0, distribution: "constant", loss: 0, duplication: 0 } as const;
  const network = new Network(new Timeline(false), journal, conditions, 1);
  joinServices(network, newServices(1));

  network.send({ src: "seq-kv", dest: "lin-kv", body: { type: "read", msg_id: 1 } });

  expect(journal.traffic.all.sent).toBe(1);
});
