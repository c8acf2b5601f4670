import { expect, test } from "vitest";
import { MaelstromError } from "./errors.ts";
import type { Ask } from "./services.ts";
import { KeyValueStore, TimestampOracle } from "./services.ts";

test("values are read, written and compared in the words of the service", async () => {
  const { kv, asked } = service({});

  const missing = await kv.read("x");
  const isSet = [
    await kv.compareAndSet("x", 1, 2),
    await kv.compareAndSet("x", 0, 1, { createIfMissing: true }),
    await kv.compareAndSet("x", 7, 8),
    await kv.compareAndSet("x", 1, 2),
  ];
  await kv.write("x", [3]);

  expect([missing, isSet, await kv.read("x")]).toEqual([undefined, [false, true, false, true], [3]]);
  expect(asked[2]).toEqual(["lin-kv", { type: "cas", key: "x", from: 0, to: 1, create_if_not_exists: true }]);
});

test("an update is begun anew when another was faster, and gives up at its limit", async () => {
  const { kv, values } = service({ x: 1 });
  let tries = 0;

  const updated = await kv.update<number>("x", (value = 0) => {
    if (++tries === 1) values.set("x", 10);
    return value + 1;
  });
  const starved = kv.update<number>(
    "x",
    (value = 0) => {
      values.set("x", value + 100);
      return value;
    },
    { conflictsMax: 2 },
  );

  expect([updated, tries]).toEqual([11, 2]);
  await expect(starved).rejects.toMatchObject({ kind: "txn-conflict" });
  expect(values.get("x")).toBe(311);
});

test("an update of a key that does not exist makes it", async () => {
  const { kv, values } = service({});

  await kv.update<number>("x", (value = 5) => value + 1);

  expect(values.get("x")).toBe(6);
});

test("what is not known to have failed is not tried again", async () => {
  let asked = 0;
  const kv = new KeyValueStore("seq-kv", async (_, { type }) => {
    asked++;
    if (type === "read") return { type: "read_ok", value: 1 };
    throw new MaelstromError("timeout", "no answer");
  });

  await expect(kv.update<number>("x", (value = 0) => value + 1)).rejects.toMatchObject({ outcome: "unknown" });
  expect(asked).toBe(2);
});

test("timestamps are numbers, or a failure", async () => {
  const answers = [7, "8"];
  const oracle = new TimestampOracle(async () => ({ type: "ts_ok", ts: answers.shift() }));

  expect(await oracle.next()).toBe(7);
  await expect(oracle.next()).rejects.toMatchObject({ kind: "crash" });
});

/** A store as Maelstrom's service is one. */
function service(first: Readonly<Record<string, unknown>>) {
  const values = new Map<unknown, unknown>(Object.entries(first));
  const asked: unknown[] = [];
  const ask: Ask = async (to, body) => {
    asked.push([to, body]);
    const { type, key } = body;
    if (type === "write") values.set(key, body.value);
    else if (!values.has(key) && body.create_if_not_exists !== true)
      throw new MaelstromError("key-does-not-exist", "no");
    else if (type === "read") return { type: "read_ok", value: values.get(key) };
    else if (values.has(key) && values.get(key) !== body.from) throw new MaelstromError("precondition-failed", "no");
    else values.set(key, body.to);
    return { type: `${type}_ok` };
  };
  return { kv: new KeyValueStore("lin-kv", ask), values, asked };
}
