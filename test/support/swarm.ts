import { type DrawOptions, drawPlan } from "../../src/simulator/plans/draw.ts";
import { runPlan } from "../../src/simulator/plans/run.ts";
import { raftSubject } from "../../src/simulator/raft/subject.ts";
import type { Subject } from "../../src/simulator/subject.ts";
import { kvWorkload } from "../../src/simulator/workloads/kv.ts";

/**
 * Runs many seeds, or the one in `SEED`, of Raft or another subject, and sums up what was done in them.
 *
 * The first that fails says how to repeat it.
 */
export async function swarm(
  first: number,
  count: number,
  file: string,
  options: DrawOptions = {},
  subject: Subject = raftSubject(kvWorkload),
): Promise<Readonly<Record<string, number>>> {
  const only = process.env.SEED;
  const seeds = only === undefined ? Array.from({ length: count }, (_, at) => first + at) : [Number(only)];
  const sums: Record<string, number> = {};
  for (const seed of seeds) {
    const { counts, failure } = await runPlan(drawPlan(seed, subject, options), subject);
    if (failure !== undefined) {
      const { story, details = "" } = failure;
      throw new Error(`seed ${seed}: ${story}\n${details}\nto repeat: SEED=${seed} npx vitest run ${file}`);
    }
    for (const [name, value] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
