import { routePath } from "hono/route";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { NodeBase, NodeStatus, Role } from "../../runtime/api.ts";
import type { App, Around } from "./exchange.ts";

const roles: readonly Role[] = ["leader", "follower", "candidate", "member"];

/** Single figures of a node, each with its help text and where it comes from. */
const figures: readonly [name: string, help: string, read: (status: NodeStatus) => number][] = [
  ["quorate_term", "Current term.", (status) => status.term],
  ["quorate_leader_known", "1 while a leader is known here.", (status) => Number(status.leader !== undefined)],
  ["quorate_members", "Members of the cluster.", (status) => status.members.length],
  ["quorate_log_last_index", "Last index in the log, durable or not.", (status) => status.last],
  ["quorate_log_durable_index", "Last index on stable storage.", (status) => status.durable],
  ["quorate_log_commit_index", "Last index known to be committed.", (status) => status.commit],
  ["quorate_log_applied_index", "Last index applied to the machine.", (status) => status.applied],
  ["quorate_snapshot_index", "Index of the newest local snapshot.", (status) => status.snapshot],
  ["quorate_log_size_bytes", "Size of the log on disk.", (status) => status.disk.bytes],
  ["quorate_log_files", "Files of the log.", (status) => status.disk.files],
  ["quorate_disk_full", "1 while nothing can be stored.", (status) => Number(status.disk.state === "full")],
  ["quorate_requests_waiting", "Requests waiting for an answer here.", (status) => status.waiting],
];

/** What Prometheus is told: of the process, of the node, and of its requests. Labels take few values. */
export class Metrics {
  readonly #node: NodeBase;
  readonly #registry = new Registry();
  readonly #gauges: Gauge[];
  readonly #role: Gauge<"role">;
  readonly #linkUp: Gauge<"peer">;
  readonly #match: Gauge<"peer">;
  readonly #bytesInFlight: Gauge<"peer">;
  readonly #syncs: Counter;
  readonly #seconds: Histogram<"method" | "route" | "status">;
  readonly #stopCounting: () => void;

  constructor(node: NodeBase) {
    const registers = [this.#registry];
    const peer = ["peer"] as const;
    this.#node = node;
    collectDefaultMetrics({ register: this.#registry });
    this.#gauges = figures.map(([name, help]) => new Gauge({ name, help, registers }));
    this.#role = new Gauge({ name: "quorate_role", help: "1 for the current role.", labelNames: ["role"], registers });
    this.#linkUp = new Gauge({ name: "quorate_link_up", help: "1 while the link is up.", labelNames: peer, registers });
    this.#match = new Gauge({
      name: "quorate_peer_match_index",
      help: "Last index known to be durable there; on the leader only.",
      labelNames: peer,
      registers,
    });
    this.#bytesInFlight = new Gauge({
      name: "quorate_peer_in_flight_bytes",
      help: "Sent and not yet acknowledged; on the leader only.",
      labelNames: peer,
      registers,
    });
    this.#syncs = new Counter({ name: "quorate_disk_syncs_total", help: "Syncs of the log since start.", registers });
    const changes = new Counter({
      name: "quorate_leader_changes_total",
      help: "New leaders seen since start.",
      registers,
    });
    this.#stopCounting = node.on("leader", ({ leader }) => leader !== undefined && changes.inc());
    this.#seconds = new Histogram({
      name: "quorate_http_request_duration_seconds",
      help: "From the end of a request's head to its answer.",
      labelNames: ["method", "route", "status"],
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    });
  }

  /** Times each request, under the pattern of its route. */
  get timing(): Around {
    return async (exchange, next) => {
      const start = performance.now();
      await next();
      const route = routePath(exchange, -1);
      const { method } = exchange.req;
      const labels = { method, route: route === "/*" ? "none" : route, status: exchange.res.status };
      this.#seconds.observe(labels, (performance.now() - start) / 1000);
    };
  }

  /** The text that Prometheus scrapes. */
  async text(): Promise<string> {
    const status = this.#node.status();
    for (const [place, [, , read]] of figures.entries()) this.#gauges[place]?.set(read(status));
    for (const role of roles) this.#role.set({ role }, Number(status.role === role));
    for (const gauge of [this.#linkUp, this.#match, this.#bytesInFlight]) gauge.reset(); // members come and go
    for (const { id: peer, linkUp, match, bytesInFlight } of status.peers) {
      this.#linkUp.set({ peer }, Number(linkUp));
      if (match !== undefined) this.#match.set({ peer }, match);
      if (bytesInFlight !== undefined) this.#bytesInFlight.set({ peer }, bytesInFlight);
    }
    this.#syncs.reset();
    this.#syncs.inc(status.disk.syncs);
    return await this.#registry.metrics();
  }

  close(): void {
    this.#stopCounting();
    this.#registry.clear();
  }
}

/** `GET /metrics`. */
export function metricsRoutes(app: App, metrics: Metrics): void {
  app.get("/metrics", async () => {
    const headers = { "content-type": Registry.PROMETHEUS_CONTENT_TYPE, "cache-control": "no-store" };
    return new Response(await metrics.text(), { headers });
  });
}
