import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firstTaken } from "../../src/cli/cluster/ports.ts";
import type { NodeStatus } from "../../src/runtime/api.ts";
import type { FaultRule } from "../../src/runtime/transports/faults.ts";
import { type Ended, Program, quorate, runQuorate } from "./processes.ts";
import { testedProtocol } from "./tested-protocol.ts";

/** A status as it comes over HTTP. */
export type ServedStatus = Omit<NodeStatus, "leader"> & { readonly leader: string | null };

interface Ports {
  readonly http: number;
  readonly peer: number;
}

/** One `quorate serve`, as a process that can be started, stopped and disturbed again and again. */
export class ServedNode {
  readonly id: string;
  readonly url: string;
  readonly peerPort: number;
  readonly directory: string;
  /** With what it is started, from the next time on. */
  readonly args: string[];
  #rules: readonly FaultRule[] = [];
  program: Program | undefined;

  constructor(id: string, ports: Ports, directory: string, cluster: string, args: readonly string[]) {
    this.id = id;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.peerPort = ports.peer;
    this.directory = directory;
    this.args = ["--id", id, "--cluster", cluster, "--port", String(ports.http), "--data-dir", directory, ...args];
  }

  /** What it has said since its start, one JSON document a line. */
  get said(): string {
    return this.program?.stderr ?? "";
  }

  get pid(): number {
    const pid = this.program?.process.pid;
    if (pid === undefined) throw new Error(`${this.id} does not run`);
    return pid;
  }

  /** Throws if it ended by itself, and not well: there is no use in waiting for it. */
  mustRun(): void {
    const code = this.program?.process.exitCode ?? 0;
    if (code > 0) throw new Error(`${this.id} ended with ${code}:\n${this.said}`);
  }

  /** Starts it; `args` come after all others, and win. It ends by itself should this process be gone. */
  start(...args: readonly string[]): void {
    this.program = new Program(
      quorate,
      ["serve", "--supervised", "--protocol", testedProtocol, ...this.args, ...args],
      {},
      true,
    );
    this.program.process.on("error", () => undefined); // a channel to a process that was killed
    this.#tellFaults();
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.program?.process.kill("SIGKILL");
    await this.program?.ended;
  }

  /** Asks it to end; resolves with how it did. */
  async stop(): Promise<Ended> {
    this.program?.process.kill("SIGTERM");
    return await this.end();
  }

  async end(): Promise<Ended> {
    if (this.program === undefined) throw new Error(`${this.id} was never started`);
    return await this.program.ended;
  }

  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Frames from here to these peers vanish; to all others they go. */
  cut(...peers: readonly string[]): void {
    this.#rules = peers.map((peer) => ({ peer, cut: true }));
    this.#tellFaults();
  }

  #tellFaults(): void {
    this.program?.process.send({ kind: "faults", rules: this.#rules }, () => undefined);
  }

  /** Resolves once it serves and has caught up. */
  async ready(): Promise<void> {
    await eventually(`${this.id} ready`, async () => {
      this.mustRun();
      try {
        const { ok } = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1000) });
        return ok ? ok : undefined;
      } catch {
        return undefined; // not listening yet
      }
    });
  }

  async status(): Promise<ServedStatus | undefined> {
    try {
      const response = await fetch(`${this.url}/status`, { signal: AbortSignal.timeout(1000) });
      return (await response.json()) as ServedStatus;
    } catch {
      return undefined; // it does not run, or not yet, or is paused
    }
  }
}

/** Real `quorate serve` processes on free ports and in a directory of their own. */
export class ServedCluster implements AsyncDisposable {
  readonly directory: string;
  readonly nodes: ServedNode[];
  readonly #args: readonly string[];

  private constructor(directory: string, nodes: ServedNode[], args: readonly string[]) {
    this.directory = directory;
    this.nodes = nodes;
    this.#args = args;
  }

  /**
   * Starts `count` nodes; resolves once all serve, and know a leader if there is one. `place` gives a node another data
   * directory; `prepare` is told what the nodes will be given as `--cluster`, before they start.
   */
  static async start(
    count: number,
    args: readonly string[] = [],
    place?: (id: string) => string,
    prepare?: (members: string, nodes: readonly ServedNode[]) => Promise<void>,
  ): Promise<ServedCluster> {
    const directory = mkdtempSync(join(tmpdir(), "quorate-served-"));
    const free = await freePorts(2 * count);
    const ids = Array.from({ length: count }, (_, at) => `n${at + 1}`);
    const ports = ids.map((_, at) => ({ peer: free[at] as number, http: free[count + at] as number }));
    const members = ids.map((id, at) => `${id}=127.0.0.1:${free[at]}`).join(",");
    const nodes = ids.map((id, at) => {
      return new ServedNode(id, ports[at] as Ports, place?.(id) ?? join(directory, id), members, args);
    });
    const cluster = new ServedCluster(directory, nodes, args);
    try {
      await prepare?.(members, nodes);
      cluster.startAll();
      await Promise.all(nodes.map((node) => node.ready()));
      if (!args.includes("total-order")) await cluster.leader();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get urls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  /** Starts a node that is to be added; the cluster must have been started with a `--cluster-id`. */
  async join(id: string, ...args: readonly string[]): Promise<ServedNode> {
    const [peer = 0, http = 0] = await freePorts(2);
    const directory = join(this.directory, id);
    const node = new ServedNode(id, { peer, http }, directory, `${id}=127.0.0.1:${peer}`, [
      "--join",
      ...this.#args,
      ...args,
    ]);
    this.nodes.push(node);
    node.start();
    return node;
  }

  /** Runs `quorate member …` against all nodes; fails if it does. */
  async member(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runQuorate(["member", ...words, "--endpoints", this.urls.join(",")]);
    if (code !== 0) throw new Error(`member ${words.join(" ")} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  /** Forgets a node that is no member any more, once it has ended by itself; with how. */
  async drop(node: ServedNode): Promise<Ended> {
    const ended = await node.end();
    this.nodes.splice(this.nodes.indexOf(node), 1);
    return ended;
  }

  startAll(...args: readonly string[]): void {
    for (const node of this.nodes) node.start(...args);
  }

  /** The node that leads, once a majority says so, among `those` asked; all by default. */
  async leader(those: readonly ServedNode[] = this.nodes): Promise<ServedNode> {
    return await eventually("a leader", async () => {
      for (const node of those) node.mustRun();
      const statuses = await Promise.all(those.map((node) => node.status()));
      const leader = those.find((_, at) => statuses[at]?.role === "leader");
      const followers = statuses.filter((status) => status?.leader === leader?.id);
      return leader !== undefined && followers.length * 2 > this.nodes.length ? leader : undefined;
    });
  }

  /** Resolves once every node has applied the same, and there is a leader; with the index. */
  async settled(): Promise<number> {
    return await eventually("all nodes at the same index", async () => {
      const statuses = await Promise.all(this.nodes.map((node) => node.status()));
      const indexes = new Set(statuses.flatMap((status) => [status?.last, status?.applied]));
      const [index] = indexes;
      return indexes.size === 1 && statuses.every((status) => status?.healthy) ? index : undefined;
    });
  }

  others(node: ServedNode): readonly ServedNode[] {
    return this.nodes.filter((other) => other !== node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Asks every 20 ms until there is an answer; gives up after `limitMs`. */
export async function eventually<Found>(
  what: string,
  ask: () => Promise<Found | undefined>,
  limitMs = 15_000,
): Promise<Found> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}

/** Free ports below those that Linux gives to outgoing connections, so that they are still free after a restart. */
export async function freePorts(count: number): Promise<readonly number[]> {
  for (;;) {
    const base = 13_000 + Math.floor(Math.random() * 18_000);
    const ports = Array.from({ length: count }, (_, at) => base + at);
    if ((await firstTaken(ports)) === undefined) return ports;
  }
}
