import { expect, test } from "vitest";
import { drawPlan } from "../plans/draw.ts";
import { raftSubject } from "../raft/subject.ts";
import { kvWorkload } from "../workloads/kv.ts";
import { scheduleLines } from "./schedule.ts";

test("a plan is told in order of time: the world first, then each fault by role, then each call", () => {
  const plan = drawPlan(5, raftSubject(kvWorkload), { calls: 2 });
  const fault = { atMs: 10, lastsMs: 300, pick: 0 };

  const lines = scheduleLines({
    ...plan,
    world: {
      ...plan.world,
      delayMs: [1, 5],
      isOrdered: true,
      diskMs: [0, 2],
      loss: 25,
      repeat: 0,
      lostReads: 0,
      batchMs: 0,
    },
    fireMs: 2000,
    actions: [
      { ...fault, atMs: 40, target: "leader", fault: { kind: "isolate", hint: false } },
      { ...fault, target: "any", fault: { kind: "split", count: 2 } },
      { ...fault, atMs: 50, target: "b", fault: { kind: "jump", ms: 700 } },
    ],
    calls: [{ client: 3, afterMs: 7, call: { put: "x" } }],
  });

  expect(lines).toEqual([
    "5 members for 2000 ms, then calm; messages take 1 to 5 ms in order, writes 0 to 2 ms, 2.5 % of the messages lost",
    "at 10 ms: cut some member and 2 more from the rest for 300 ms",
    "at 40 ms: isolate the leader for 300 ms (nobody is told)",
    "at 50 ms: let the clock of b leap 700 ms ahead",
    'client 3, 7 ms after its last answer: {"put":"x"}',
  ]);
});

test("every fault that is drawn has words of its own", () => {
  const plans = Array.from({ length: 60 }, (_, seed) => drawPlan(seed, raftSubject(kvWorkload)));
  const kinds = new Set(plans.flatMap(({ actions }) => actions.map(({ fault }) => fault.kind)));
  const lines = plans.flatMap((plan) => scheduleLines({ ...plan, calls: [] }).slice(1));

  expect(kinds.size).toBe(21);
  for (const line of lines) expect(line).toMatch(/^at \d+ ms: [a-z].*[a-z)]$/);
});
