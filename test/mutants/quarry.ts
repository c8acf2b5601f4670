import { parentPort, workerData } from "node:worker_threads";
import {
  type Bounds,
  type Explorable,
  Exploration,
  explorablePaxos,
  explorableRaft,
  explorableSynod,
  explorableTotalOrder,
  paxosScenarios,
  Simulation,
  type Terms,
  totalOrderScenarios,
  walk,
} from "../../src/simulator/index.ts";
import { smallBounds, smallLimits } from "../support/exploration.ts";
import type { Catch, Group, Hunt, Orders, Walks } from "./hunt.ts";

// Bundled with a mutant's sources and run as a worker: hunts the mutant that it holds, and says what came of it.

const statesMax = 6_000_000;
const walkStepsMax = 400;

parentPort?.postMessage(await hunt(workerData as Hunt));

async function hunt(how: Hunt): Promise<Catch> {
  switch (how.by) {
    case "simulate":
      return await inWorlds(how);
    case "explore":
      return inOrders(how);
    case "walk":
      return onWalks(how);
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

function inOrders(how: Orders): Catch {
  const [explorable, bounds] = groupOf(how);
  const exploration = new Exploration(explorable, { ...smallBounds, states: statesMax, ...bounds, ...how.bounds });
  while (exploration.advance(10_000));
  const { violation, states } = exploration.finding();
  return { claim: violation?.claim, effort: states };
}

function onWalks(how: Walks): Catch {
  const [explorable, some] = groupOf(how);
  const bounds = { ...smallBounds, steps: walkStepsMax, ...some, ...how.bounds };
  for (let seed = 1; seed <= how.runsMax; seed++) {
    const { violation } = walk(explorable, bounds, seed);
    if (violation !== undefined) return { claim: violation.claim, effort: seed };
  }
  return { claim: undefined, effort: how.runsMax };
}

/** What is explored, and what may happen to it besides what the hunt says. */
function groupOf(how: Group): readonly [Explorable<Terms>, Partial<Bounds>] {
  switch (how.protocol) {
    case "raft":
      return [explorableRaft({ ...smallLimits, ...how.limits }), { crashes: 1 }];
    case "multi-paxos": {
      const scenario = paxosScenarios[how.scenario];
      if (scenario === undefined) throw new Error(`there is no scenario ${how.scenario}`);
      return [explorablePaxos({ ...scenario.limits, ...how.limits }), scenario.bounds];
    }
    case "total-order": {
      const scenario = totalOrderScenarios[how.scenario];
      if (scenario === undefined) throw new Error(`there is no scenario ${how.scenario}`);
      return [explorableTotalOrder({ ...scenario.limits, ...how.limits }), scenario.bounds];
    }
    case "synod":
      return [explorableSynod({ members: 3, proposers: 2, ballots: 2, ...how.limits }), {}];
  }
}
