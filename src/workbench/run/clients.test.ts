import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { newRandom } from "../../base/random.ts";
import { Network } from "../network/network.ts";
import { NodeFaults } from "../nodes/node-faults.ts";
import { kafka } from "../workloads/kafka/kafka.ts";
import { Clients } from "./clients.ts";
import { Journal } from "./journal.ts";
import type { TestOptions } from "./options.ts";
import { Timeline } from "./timeline.ts";

const options: TestOptions = {
  ...{ workload: "kafka", command: ["node"], nodes: ["n0"], concurrency: 1, rate: 1000, timeLimitSeconds: 1 },
  ...{ latencyMs: 0, latencyDistribution: "constant", loss: 0, duplication: 0, faults: [], nemesisIntervalSeconds: 10 },
  ...{ topology: "grid", keyCount: undefined, maxTxnLength: 4, maxWritesPerKey: 16 },
  ...{ consistencyModels: [], availability: undefined, seed: 1, fast: false, recoverySeconds: 0 },
};

test("the last reads end, also if what they look for never comes and the collector is at work", async () => {
  const timeline = new Timeline(false);
  const still = { latencyMs: 0, distribution: "constant", loss: 0, duplication: 0 } as const;
  const network = new Network(timeline, new Journal(), still, 1);
  let offset = 0;
  network.join("n0", ({ src, body }) => {
    const answer = { type: `${body.type}_ok`, offset: offset++, offsets: {}, msgs: {}, in_reply_to: body.msg_id };
    setImmediate(() => network.send({ src: "n0", dest: src, body: answer }));
    return true;
  });
  const faults = new NodeFaults(() => undefined);
  const parts = { workload: kafka, options, network, timeline, faults, nextId: () => 0 };
  const clients = new Clients(parts, newRandom(1));
  clients.start();
  while (offset < 10) await new Promise((resolve) => setTimeout(resolve, 1));
  await clients.stop();
  setFlagsFromString("--expose-gc");
  const collecting = setInterval(runInNewContext("gc"), 20);

  await clients.finish(new AbortController().signal, 300);

  clearInterval(collecting);
  timeline.close();
  expect(clients.history.at(-1)).toMatchObject({ f: "poll", final: true });
});
