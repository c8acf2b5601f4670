import { monitorEventLoopDelay } from "node:perf_hooks";
import { type NodeOptions, OperatingError, openNode } from "../../src/runtime/index.ts";
import { blocks } from "./blocks.ts";
import { Turns } from "./turns.ts";

/** What a test asks of this process. */
export type Ask = { readonly number: number } & (
  | { readonly call: "fill"; readonly from: number; readonly count: number }
  | { readonly call: "load"; readonly ms: number; readonly blocks: number }
  | { readonly call: "read" | "status" | "delay" | "close" }
);

/** How late the event loop was since the last time this was asked, in ms, and what else happened meanwhile. */
export interface Delay {
  readonly max: number;
  readonly p99: number;
  /** The longest that this thread itself was at work between two turns; without what it waited for a core. */
  readonly own: number | undefined;
  readonly snapshots: number;
  readonly restores: number;
}

const concurrent = 32;
const padding = ".".repeat(1000);

// Runs the member of a machine of large blocks that its arguments describe, and loads it when it is told to.
process.on("disconnect", () => process.exit());
const options: NodeOptions = JSON.parse(process.argv[2] ?? "{}");
const node = await openNode({ ...options, machine: blocks });
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
const turns = new Turns();
let snapshots = 0;
let restores = 0;
node.on("snapshot", () => snapshots++);
node.on("restore", () => restores++);

async function fill(from: number, count: number): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < from + count) {
      const block = next++;
      await node.execute({ block, value: block % 251, padding });
    }
  };
  await Promise.all(Array.from({ length: concurrent }, worker));
}

/** Replaces blocks for a while, as fast as that goes; says how many. */
async function load(ms: number, count: number): Promise<number> {
  const deadline = performance.now() + ms;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < deadline) {
      const turn = done++;
      await node.execute({ block: (turn * 7) % count, value: turn % 251, padding });
    }
  };
  await Promise.all(Array.from({ length: concurrent }, worker));
  return done;
}

function delay(): Delay {
  const now = {
    max: histogram.max / 1e6,
    p99: histogram.percentile(99) / 1e6,
    own: turns.longest(),
    snapshots,
    restores,
  };
  histogram.reset();
  snapshots = 0;
  restores = 0;
  return now;
}

async function answer(ask: Ask): Promise<unknown> {
  switch (ask.call) {
    case "fill":
      return await fill(ask.from, ask.count);
    case "load":
      return await load(ask.ms, ask.blocks);
    case "read":
      return await node.read();
    case "status":
      return node.status();
    case "delay":
      return delay();
    case "close":
      return await node.close();
  }
}

process.on("message", (ask: Ask) => {
  answer(ask).then(
    (value) => process.send?.({ number: ask.number, value }),
    (error: unknown) =>
      process.send?.({ number: ask.number, code: error instanceof OperatingError ? error.code : `${error}` }),
  );
});
process.send?.({ opened: true });
