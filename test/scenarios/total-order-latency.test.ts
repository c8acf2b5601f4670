import { describe, expect, test } from "vitest";
import { newRandom, nextBelow } from "../../src/base/random.ts";
import { fromUtf8 } from "../../src/base/text.ts";
import { TotalOrderScenario } from "../../src/simulator/total-order/scenario.ts";

/** How long every message takes, in ms. */
const linkMs = 10;
const ids = ["a", "b", "c", "d", "e", "f", "g"];

interface Measured {
  readonly group: TotalOrderScenario;
  /** For each message and each member, how long it took from its multicast to its delivery. */
  readonly latencies: number[];
  sent: number;
  readonly send: (from: string) => void;
}

async function formed(
  members: number,
  delivery: "uniform" | "agreed",
  options: Partial<{ keepAliveTicks: number; suspectTicks: number }> = {},
): Promise<Measured> {
  const group = new TotalOrderScenario({ members, delivery, options, world: { delayMs: [linkMs, linkMs] } });
  await group.form(...ids.slice(0, members));
  await group.cluster.run(400);
  const sentAt = new Map<string, number>();
  const send = (from: string) => {
    const name = `m${sentAt.size}`;
    sentAt.set(name, group.cluster.now);
    group.multicast(from, name);
  };
  const measured: Measured = { group, latencies: [], sent: 0, send };
  group.onOutput = (_id, output) => {
    if (output.kind !== "deliver") return;
    measured.latencies.push(group.cluster.now - (sentAt.get(fromUtf8(output.payload)) ?? Number.NaN));
  };
  group.onSend = () => {
    measured.sent++;
  };
  return measured;
}

const groups = [3, 5].flatMap((members) => (["uniform", "agreed"] as const).map((delivery) => ({ members, delivery })));

describe.each(groups)("$members members, $delivery delivery", ({ members, delivery }) => {
  test.each([
    [1, 30],
    [5, 25],
    [100, 400],
  ])(
    "an idle group delivers at every member after exactly two link delays, with keep-alives every %i ticks",
    async (keepAliveTicks, suspectTicks) => {
      const measured = await formed(members, delivery, { keepAliveTicks, suspectTicks });
      for (let each = 0; each < 20; each++) {
        measured.send(ids[each % members] ?? "");
        await measured.group.cluster.run(97);
      }

      expect(measured.latencies).toHaveLength(20 * members);
      expect(new Set(measured.latencies)).toEqual(new Set([2 * linkMs]));
    },
  );

  test("an idle group says no more of a message than its frame and one answer of each member", async () => {
    const measured = await formed(members, delivery, { keepAliveTicks: 100, suspectTicks: 400 });
    measured.send("b");
    await measured.group.cluster.run(60);

    expect(measured.sent).toBe((members - 1) * members);
  });

  test("a busy group, with a multicast every 0.7 link delays, delivers within the bounds of the rules", async () => {
    const bounds = {
      uniform: { 3: [20, 42, 7.2], 5: [20, 42, 21.7] },
      agreed: { 3: [20, 33, 5.5], 5: [20, 29, 14.1] },
    };
    const [median = 0, most = 0, messages = 0] = bounds[delivery][members as 3 | 5];
    const measured = await formed(members, delivery);
    const random = newRandom(members);
    const count = 400;
    for (let each = 0; each < count; each++) {
      measured.send(ids[nextBelow(random, members)] ?? "");
      await measured.group.cluster.run(7);
    }
    await measured.group.cluster.run(100);
    const sorted = measured.latencies.toSorted((one, other) => one - other);

    expect(sorted).toHaveLength(count * members);
    expect(sorted[sorted.length >> 1]).toBeLessThanOrEqual(median);
    expect(sorted.at(-1)).toBeLessThanOrEqual(most);
    expect(measured.sent / count).toBeLessThanOrEqual(messages);
  });
});

test("keep-alives are all that a quiet group says: one of each to each in five ticks", async () => {
  const measured = await formed(5, "uniform");
  await measured.group.cluster.run(2000);

  expect(measured.sent).toBeLessThanOrEqual((5 * 4 * 2000) / 100 + 20);
  expect(measured.sent).toBeGreaterThan(5 * 4 * 15);
});

test("nothing without a frame makes anyone tell all, in a lossy group either", async () => {
  const group = new TotalOrderScenario({ members: 4, world: { loss: 200, repeat: 100, delayMs: [1, 30] } });
  let frames = 0;
  let echoes = 0;
  group.onSend = (_from, _to, message) => {
    if (message.kind === "data") frames++;
    if (message.kind === "null") echoes++;
  };
  await group.form("a", "b", "c", "d");
  for (let each = 0; each < 200; each++) {
    group.multicast(ids[each % 4] ?? "", `m${each}`);
    await group.cluster.run(20);
  }
  await group.cluster.run(2000);

  // A frame that arrives is answered to three members, and told to be missing once; the rest are keep-alives.
  const keepAlives = (4 * 3 * group.cluster.now) / 100;
  expect(echoes).toBeLessThan(frames * 4 + keepAlives);
  expect(group.application("a").names).toHaveLength(200);
});
