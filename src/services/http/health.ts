import type { NodeBase, NodeStatus } from "../../runtime/api.ts";
import { document } from "./answers.ts";
import type { App } from "./exchange.ts";

/**
 * `/status`, `/health`, `/livez` and `/readyz`.
 *
 * `/livez` never speaks of the quorum: a supervisor that restarts nodes for want of one only makes it worse.
 */
export function healthRoutes(app: App, node: NodeBase): void {
  app.get("/status", () => document(statusDocument(node.status())));
  app.get("/livez", () => document({ id: node.id, live: true }));
  app.get("/health", () => {
    const { healthy, reason } = node.status();
    return document({ id: node.id, healthy, reason }, healthy ? 200 : 503);
  });
  app.get("/readyz", () => {
    const { role, healthy, reason: why, leader, applied, readyAt, removed } = node.status();
    const isOrdered = role === "member" ? healthy : leader !== undefined;
    const ready = !removed && isOrdered && readyAt !== undefined && applied >= readyAt;
    const unordered = role === "member" ? why : "no leader is known";
    const hindrance = isOrdered ? "still applying what was committed" : unordered;
    const reason = ready ? "caught up" : removed ? "this node was removed from the cluster" : hindrance;
    return document({ id: node.id, ready, reason, applied, readyAt: readyAt ?? null }, ready ? 200 : 503);
  });
}

/** A node's status as JSON: what is not known is null, never left out. */
export function statusDocument(status: NodeStatus): object {
  return { ...status, leader: status.leader ?? null, readyAt: status.readyAt ?? null };
}
