import { parentPort, workerData } from "node:worker_threads";
import { invariant, unreachable } from "../../base/invariant.ts";
import { explorableOf, Share, workOn } from "../../simulator/index.ts";
import type { Ask, Task } from "./partner.ts";

const { explored, bounds, number, count } = workerData as Task;
const share = new Share(explorableOf(explored), bounds, number, count);

function answer(ask: Ask): unknown {
  switch (ask.kind) {
    case "work":
      return workOn(share, ask.order);
    case "place":
      return share.place(ask.state);
    case "tell":
      return share.tell(ask.way, ask.claim);
    default:
      return unreachable(ask);
  }
}

invariant(parentPort !== null, "this file runs in a thread of its own");
const port = parentPort;
port.on("message", (ask: Ask) => port.postMessage(answer(ask)));
