import { expect, test } from "vitest";
import { toUtf8 } from "../../base/text.ts";
import { type OrderingState, orderingMachine } from "./ordering-machine.ts";

const { apply, initial } = orderingMachine;

function order(state: OrderingState, client: string, timestamp: number, text = "x"): number {
  return apply(state, { client, timestamp, text }, 1);
}

async function restored(state: OrderingState): Promise<OrderingState> {
  const chunks = [...orderingMachine.snapshot(state)];
  return await orderingMachine.restore(
    (async function* () {
      yield* chunks;
    })(),
  );
}

test("each update gets the next number, and keeps it however often it comes, and whatever others send", () => {
  const state = initial();
  expect(["a", "b"].map((client) => order(state, client, 1))).toEqual([1, 2]);
  for (let timestamp = 2; timestamp <= 20_000; timestamp++) order(state, "b", timestamp);

  expect(order(state, "a", 1)).toBe(1);
  expect(order(state, "a", 7)).toBe(20_002);
});

test("an update before a client's newest, and another text under the same name, are refused, and change nothing", () => {
  const state = initial();
  order(state, "a", 2);

  expect(() => order(state, "a", 1)).toThrow("client a has had update 2 ordered since");
  expect(() => order(state, "a", 2, "y")).toThrow("update 2 of client a was another text before");
  expect(order(state, "a", 3)).toBe(2);
});

test("what is known of clients is bounded, and the same on who started from a snapshot", async () => {
  let state = initial();
  for (let at = 0; at < 70_000; at++) order(state, `c${at % 60_000}.${Math.floor(at / 60_000)}`, 1);
  const copy = await restored(state);
  for (const each of [state, copy]) for (let at = 0; at < 10_000; at++) order(each, `d${at}`, 1);

  expect(state.clients.size).toBeLessThanOrEqual(65_536);
  expect([...copy.clients]).toEqual([...state.clients]);
  expect(copy.ordered).toBe(80_000);
  state = await restored(copy);
  expect(order(state, "d9999", 1)).toBe(80_000);
});

test.each([[[]], [[Uint8Array.of(9, 1)]], [[toUtf8("nonsense")]]])("a snapshot of %j is refused", async (chunks) => {
  const source = (async function* () {
    yield* chunks as Uint8Array[];
  })();

  await expect(orderingMachine.restore(source)).rejects.toMatchObject({ name: "MalformedError" });
});
