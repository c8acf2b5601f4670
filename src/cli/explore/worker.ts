import { parentPort, workerData } from "node:worker_threads";
import { invariant, unreachable } from "../../base/invariant.ts";
import { explorableOf, Share, type Terms, walk, workOn } from "../../simulator/index.ts";
import type { Ask, Task, Walks } from "./partner.ts";

const { explored, bounds, number, count } = workerData as Task;
const explorable = explorableOf(explored);
let share: Share<Terms> | undefined;

/** This thread's share of the exploration; walks need none. */
function ownShare(): Share<Terms> {
  share ??= new Share(explorable, bounds, number, count);
  return share;
}

function answer(ask: Ask): unknown {
  switch (ask.kind) {
    case "work":
      return workOn(ownShare(), ask.order);
    case "place":
      return ownShare().place(ask.state);
    case "tell":
      return ownShare().tell(ask.way, ask.claim);
    case "walk":
      return walkOften(ask.seed, ask.count);
    default:
      return unreachable(ask);
  }
}

function walkOften(first: number, most: number): Walks {
  let steps = 0;
  for (let walks = 1; walks <= most; walks++) {
    const seed = first + walks - 1;
    const walked = walk(explorable, bounds, seed);
    steps += walked.steps;
    const { violation } = walked;
    if (violation !== undefined) return { walks, steps, found: { seed, violation } };
  }
  return { walks: most, steps, found: undefined };
}

invariant(parentPort !== null, "this file runs in a thread of its own");
const port = parentPort;
port.on("message", (ask: Ask) => port.postMessage(answer(ask)));
