import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { Explanation, Plan, Simulation } from "../../simulator/index.ts";
import type { Ask } from "./runner.ts";
import { openSimulation, type Task } from "./task.ts";

/** How much of a trace is gathered before it is written. */
const chunkLength = 65_536;

const simulation = await openSimulation(workerData as Task);

parentPort?.on("message", async (ask: Ask) => parentPort?.postMessage(await answer(simulation, ask)));

async function answer(simulation: Simulation, ask: Ask): Promise<unknown> {
  switch (ask.kind) {
    case "run":
      return simulation.run(ask.seed);
    case "explain":
      return explain(simulation, ask.seed, ask.traceFile);
    case "trace":
      return writeTrace(simulation, simulation.plan(ask.seed), ask.traceFile);
  }
}

async function explain(simulation: Simulation, seed: number, traceFile: string): Promise<Explanation> {
  const explanation = await simulation.explain(seed);
  await writeTrace(simulation, explanation.plan, traceFile);
  return explanation;
}

async function writeTrace(simulation: Simulation, plan: Plan, file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, "w");
  let text = "";
  const trace = (line: string): void => {
    text += `${line}\n`;
    if (text.length < chunkLength) return;
    writeSync(descriptor, text);
    text = "";
  };
  try {
    const { failure } = await simulation.replay(plan, { trace });
    if (failure !== undefined) trace(failure.claim);
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}
