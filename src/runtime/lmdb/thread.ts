import { parentPort } from "node:worker_threads";
import type { Ask } from "./ask.ts";
import { Desk } from "./desk.ts";
import { transferable } from "./pairs.ts";

const desk = new Desk();

parentPort?.on("message", async (ask: Ask) => {
  const answer = await desk.answer(ask);
  parentPort?.postMessage(answer, answer.kind === "done" ? transferable(answer.found) : []);
});
