import { inQuery, type Json, type Operation, object, type Paths, schema, success } from "./openapi.ts";

const text: Json = { type: "string" };
const flag: Json = { type: "boolean" };
const index: Json = { type: "integer", minimum: 0 };
const tags = ["node"];

/** Schemas of what a node says of itself. */
export const nodeSchemas: { readonly [name: string]: Json } = {
  Status: object({
    id: text,
    clusterId: text,
    role: { enum: ["leader", "follower", "candidate", "member"] },
    term: index,
    leader: { type: ["string", "null"], description: "Id of the leader, if one is known." },
    healthy: flag,
    reason: { type: "string", description: "Why it serves requests, or why not." },
    last: { ...(index as object), description: "Last index in the log, durable or not." },
    durable: index,
    commit: index,
    applied: index,
    snapshot: index,
    readyAt: { type: ["integer", "null"], description: "Ready once this index is applied." },
    members: { type: "array", items: schema("Member"), description: "Voters." },
    outgoing: { type: "array", items: schema("Member"), description: "The voters before the change under way." },
    learners: { type: "array", items: schema("Member"), description: "They receive everything and decide nothing." },
    removed: { type: "boolean", description: "This node was told that it takes part no more." },
    peers: { type: "array", items: schema("Peer") },
    disk: object({ state: { enum: ["ok", "full"] }, bytes: index, files: index, syncs: index }),
    waiting: { ...(index as object), description: "Requests waiting for an answer here." },
  }),
  Member: object({ id: text, address: text }),
  Peer: object(
    {
      id: text,
      linkUp: flag,
      mode: { enum: ["probe", "stream", "snapshot"], description: "On the leader only, as all that follows." },
      match: index,
      next: index,
      bytesInFlight: index,
    },
    ["mode", "match", "next", "bytesInFlight"],
  ),
  Health: object({ id: text, healthy: flag, reason: text }),
  Liveness: object({ id: text, live: flag }),
  Readiness: object({ id: text, ready: flag, reason: text, applied: index, readyAt: { type: ["integer", "null"] } }),
};

/** Operations on the node itself. */
export const nodePaths: Paths = {
  "/status": get("What this node knows of itself and the others", success("The status.", schema("Status"))),
  "/health": get(
    "Whether this node serves requests",
    success("A leader is known.", schema("Health")),
    success("It does not, and why.", schema("Health")),
  ),
  "/livez": get("Whether this process answers: nothing about the others", success("It does.", schema("Liveness"))),
  "/readyz": get(
    "Whether this node has caught up since its start",
    success("It has.", schema("Readiness")),
    success("Not yet, and why.", schema("Readiness")),
  ),
  "/metrics": get("Figures for Prometheus", { description: "Figures.", content: { "text/plain": { schema: text } } }),
  "/events": {
    get: {
      tags,
      summary: "What this node sees, as server-sent events",
      description:
        "Begins with `status`; then `role`, `leader`, `commit`, `link`, `disk`, `snapshot`, `restore`, `membership`, `removed` and " +
        "`health` as they happen. A reader that is too slow is told by `missed` how many it missed.",
      parameters: [
        inQuery("messages", "1: every protocol message too, as `message`.", { enum: ["0", "1"], default: "0" }),
      ],
      responses: { 200: { description: "Events.", content: { "text/event-stream": { schema: text } } } },
    },
  },
  "/openapi.json": get("This document", success("This document.", { type: "object" })),
};

function get(summary: string, success: Json, failure?: Json): { readonly get: Operation } {
  return { get: { tags, summary, responses: { 200: success, ...(failure === undefined ? {} : { 503: failure }) } } };
}
