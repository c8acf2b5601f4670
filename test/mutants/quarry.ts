import { parentPort, workerData } from "node:worker_threads";
import { type Bounds, Exploration, explorableRaft, Simulation } from "../../src/simulator/index.ts";
import { smallBounds, smallLimits } from "../support/exploration.ts";
import type { Catch, Hunt } from "./hunt.ts";

// Bundled with a mutant's sources and run as a worker: hunts the mutant that it holds, and says what came of it.

const bounds: Bounds = { ...smallBounds, states: 6_000_000, crashes: 1 };

parentPort?.postMessage(await hunt(workerData as Hunt));

async function hunt(how: Hunt): Promise<Catch> {
  switch (how.by) {
    case "simulate":
      return await inWorlds(how);
    case "explore":
      return inOrders(how);
    case "tests":
      throw new Error("tests are run by the test runner");
  }
}

async function inWorlds({ runsMax, by: _, ...options }: Extract<Hunt, { by: "simulate" }>): Promise<Catch> {
  const simulation = new Simulation(options);
  for (let seed = 1; seed <= runsMax; seed++) {
    const { failure } = await simulation.run(seed);
    if (failure !== undefined) return { claim: failure.claim, effort: seed };
  }
  return { claim: undefined, effort: runsMax };
}

function inOrders(how: Extract<Hunt, { by: "explore" }>): Catch {
  const exploration = new Exploration(explorableRaft({ ...smallLimits, ...how.limits }), { ...bounds, ...how.bounds });
  while (exploration.advance(10_000));
  const { violation, states } = exploration.finding();
  return { claim: violation?.claim, effort: states };
}
