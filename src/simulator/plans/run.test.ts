import { expect, test } from "vitest";
import { raftSubject } from "../raft/subject.ts";
import { kvWorkload } from "../workloads/kv.ts";
import { drawPlan } from "./draw.ts";
import { runPlan } from "./run.ts";

const subject = raftSubject(kvWorkload);

async function linesOf(seed: number): Promise<{ lines: string[]; digest: string }> {
  const lines: string[] = [];
  const { digest } = await runPlan(drawPlan(seed, subject, { calls: 60 }), subject, {
    trace: (line) => lines.push(line),
  });
  return { lines, digest };
}

test("the same seed twice gives the same plan, byte-identical traces and the same digest; another seed others", async () => {
  const [one, again, other] = [await linesOf(7), await linesOf(7), await linesOf(8)];

  expect(again.lines).toEqual(one.lines);
  expect(one.lines.length).toBeGreaterThan(1000);
  expect(again.digest).toBe(one.digest);
  expect(other.digest).not.toBe(one.digest);
});

test("the digest does not depend on whether lines are written", async () => {
  const silent = await runPlan(drawPlan(7, subject, { calls: 60 }), subject);

  expect(silent.digest).toBe((await linesOf(7)).digest);
  expect(silent.digest).toMatch(/^[0-9a-f]{16}$/);
});

test("a plan is plain data: one that was stored as JSON runs the same", async () => {
  const plan = drawPlan(9, subject, { calls: 60 });

  const stored = await runPlan(JSON.parse(JSON.stringify(plan)), subject);

  expect(stored.digest).toBe((await runPlan(plan, subject)).digest);
});
