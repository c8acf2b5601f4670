import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { newRandom } from "../../base/random.ts";
import { worst } from "../../checker/operations/judgement.ts";
import { Nemesis } from "../nemesis/nemesis.ts";
import type { Body } from "../network/message.ts";
import { Network, type NetworkLog } from "../network/network.ts";
import { Cluster } from "../nodes/cluster.ts";
import { flushHint, NodeFaults } from "../nodes/node-faults.ts";
import { joinServices, newServices } from "../services/services.ts";
import { judgeParts } from "../verdict/parts.ts";
import type { Workload } from "../workloads/workload.ts";
import { Clients } from "./clients.ts";
import { Journal } from "./journal.ts";
import { checkTestOptions, type TestOptions } from "./options.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { RpcClient } from "./rpc.ts";
import { RefusedError, SilenceError } from "./rpc-errors.ts";
import { Timeline } from "./timeline.ts";

/** How far a test is. */
export interface TestProgress {
  readonly phase: "starting" | "running" | "recovering" | "reading" | "checking";
  readonly elapsedNs: number;
  readonly operations: number;
  readonly ok: number;
  readonly messages: number;
  /** What is broken now. */
  readonly fault: string;
}

/** What surrounds a test. */
export interface Surroundings {
  /** Where the nodes' stderr goes, one file each. */
  readonly logDirectory: string;
  /** What repeats the test. */
  readonly words: readonly string[];
  /** Ends the test before its time: nothing is recorded then. */
  readonly signal: AbortSignal;
  readonly progress?: (progress: TestProgress) => void;
  readonly log?: NetworkLog;
  readonly logged?: (id: string, line: string) => void;
}

/** How long a node may take to answer `init` and what follows it, in ms. */
const initMsMax = 10_000;
const progressMs = 100;

/** Runs a test from the first process to the verdict. Rejects with the signal's reason when that ends it. */
export function runTest(workload: Workload, options: TestOptions, surroundings: Surroundings): Promise<RecordedRun> {
  checkTestOptions(options);
  return new Test(workload, options, surroundings).run();
}

class Test {
  readonly #workload: Workload;
  readonly #options: TestOptions;
  readonly #surroundings: Surroundings;
  readonly #startedAt = new Date().toISOString();
  readonly #timeline: Timeline;
  readonly #journal = new Journal();
  readonly #network: Network;
  readonly #cluster: Cluster;
  readonly #clients: Clients;
  readonly #nemesis: Nemesis;
  readonly #faults: NodeFaults;
  /** A node ended by itself: the verdict is clear. */
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #aborted: Promise<never>;
  #phase: TestProgress["phase"] = "starting";
  #clientCount = 0;

  constructor(workload: Workload, options: TestOptions, surroundings: Surroundings) {
    const { seed, nodes, command, latencyMs, latencyDistribution: distribution, loss, duplication } = options;
    this.#workload = workload;
    this.#options = options;
    this.#surroundings = surroundings;
    const { logDirectory, logged, log } = surroundings;
    this.#signal = AbortSignal.any([surroundings.signal, this.#over.signal]);
    this.#aborted = once(this.#signal, "abort").then(() => Promise.reject(this.#signal.reason));
    this.#aborted.catch(() => undefined); // whoever waits is told
    const timeline = new Timeline(options.fast);
    const faults = new NodeFaults(() => this.#over.abort());
    const network = new Network(timeline, this.#journal, { latencyMs, distribution, loss, duplication }, seed, log);
    joinServices(network, newServices(seed));
    const nextId = (): number => this.#clientCount++;
    this.#timeline = timeline;
    this.#faults = faults;
    this.#network = network;
    this.#cluster = new Cluster({ command, nodes, network, timeline, logDirectory, faults, logged });
    this.#clients = new Clients({ workload, options, network, timeline, faults, nextId }, newRandom(seed));
    const victims = {
      nodes,
      cut: (drops: ReadonlyMap<string, ReadonlySet<string>>) => network.cut(drops),
      kill: (id: string) => this.#cluster.kill(id),
      restart: (id: string) => this.#begin(id),
      pause: (id: string) => this.#cluster.pause(id),
      resume: (id: string) => this.#cluster.resume(id),
    };
    this.#nemesis = new Nemesis(timeline, victims, options.nemesisIntervalSeconds);
  }

  async run(): Promise<RecordedRun> {
    const { signal } = this.#surroundings;
    const ticker = setInterval(() => this.#tell(), progressMs);
    try {
      await this.#act().catch((error) => {
        if (!this.#signal.aborted) throw error;
      });
      signal.throwIfAborted();
      this.#findSilent();
    } finally {
      clearInterval(ticker);
      this.#timeline.close();
      await this.#cluster.close();
    }
    this.#enter("checking");
    return this.#record();
  }

  async #act(): Promise<void> {
    const { nodes, timeLimitSeconds, faults, seed } = this.#options;
    // All know who they are before any is told more: what they then tell each other comes to nobody who knows nothing.
    const greeters = await Promise.all(nodes.map((id) => this.#initialize(id)));
    await Promise.all(nodes.map((id, at) => this.#introduce(id, greeters[at])));
    if (this.#signal.aborted) return;
    this.#enter("running");
    this.#clients.start();
    this.#nemesis.start(faults, newRandom(seed + 3));
    await this.#until(this.#timeline.nowNs() + timeLimitSeconds * 1e9);
    await this.#whole(this.#clients.stop());
    await this.#nemesis.stop();
    this.#enter("recovering");
    await this.#recover();
    this.#enter("reading");
    await this.#whole(this.#clients.finish(this.#signal));
  }

  async #begin(id: string): Promise<void> {
    await this.#introduce(id, await this.#initialize(id));
  }

  /** Starts a node and tells it who it is; whoever did that, unless the node did not answer as it should. */
  async #initialize(id: string): Promise<RpcClient | undefined> {
    const greeter = new RpcClient(this.#network, `c${this.#clientCount++}`);
    this.#cluster.start(id, greeter.id);
    const isUp = await this.#greet(id, greeter, { type: "init", node_id: id, node_ids: this.#options.nodes });
    return isUp ? greeter : undefined;
  }

  /** Tells a node what its workload has to say; from then on it hears all clients. */
  async #introduce(id: string, greeter: RpcClient | undefined): Promise<void> {
    if (greeter === undefined) return;
    const greeting = this.#workload.greeting?.(this.#options);
    if (greeting !== undefined && !(await this.#greet(id, greeter, greeting))) return;
    greeter.close();
    this.#cluster.ready(id);
  }

  /** False if the node does not answer as it should: then the test is over. */
  async #greet(id: string, greeter: RpcClient, body: Body): Promise<boolean> {
    try {
      await this.#whole(greeter.ask(id, body, initMsMax));
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      const { message } = error as Error;
      const how = error instanceof RefusedError ? `refused ${body.type}` : `did not answer ${body.type} as it must`;
      const hint = error instanceof SilenceError ? `; ${flushHint}` : "";
      this.#faults.uninitialized(id, `${how}: ${message}${hint}`, this.#cluster.stderr(id));
      this.#over.abort();
      return false;
    }
  }

  /** Waits for what the last reads need. In real time, on a fast timeline too: so run the timers within nodes. */
  async #recover(): Promise<void> {
    if (this.#workload.newGenerator(newRandom(0), this.#options).final === undefined) return;
    await sleep(this.#options.recoverySeconds * 1000, undefined, { signal: this.#signal });
  }

  #until(timeNs: number): Promise<void> {
    return this.#whole(new Promise((resolve) => this.#timeline.at(timeNs, resolve)));
  }

  /** A promise that does not outlast the test. */
  #whole<Value>(promise: Promise<Value>): Promise<Value> {
    return Promise.race([promise, this.#aborted]);
  }

  #findSilent(): void {
    const asked = new Map<string, { requests: number; answers: number }>();
    for (const { type, node = "", error } of this.#clients.history) {
      const counts = asked.get(node) ?? { requests: 0, answers: 0 };
      if (type === "invoke") counts.requests++;
      else if (!error?.startsWith("no answer")) counts.answers++;
      asked.set(node, counts);
    }
    for (const [node, { requests, answers }] of asked) {
      if (answers === 0) this.#faults.silent(node, requests, this.#cluster.stderr(node));
    }
  }

  #record(): RecordedRun {
    const { history } = this.#clients;
    const { messages, traffic } = this.#journal;
    const evidence = { workload: this.#workload, options: this.#options, history, traffic, faults: this.#faults };
    const durationNs = this.#timeline.nowNs();
    const bands = this.#nemesis.bands();
    const parts = judgeParts(evidence);
    return {
      workload: this.#workload.name,
      command: this.#surroundings.words,
      seed: this.#options.seed,
      startedAt: this.#startedAt,
      durationNs,
      nodes: this.#options.nodes,
      history,
      messages,
      traffic,
      bands,
      valid: worst(parts.map(({ valid }) => valid)),
      parts,
    };
  }

  #enter(phase: TestProgress["phase"]): void {
    this.#phase = phase;
    this.#tell();
  }

  #tell(): void {
    this.#surroundings.progress?.({
      phase: this.#phase,
      elapsedNs: this.#timeline.nowNs(),
      operations: this.#clients.askedCount,
      ok: this.#clients.okCount,
      messages: this.#journal.traffic.all.sent,
      fault: this.#nemesis.describe(),
    });
  }
}
