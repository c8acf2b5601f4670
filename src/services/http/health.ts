import type { NodeBase, NodeStatus } from "../../runtime/api.ts";
import { document } from "./answers.ts";
import type { App } from "./exchange.ts";

/**
 * `/status`, `/health`, `/livez` and `/readyz`.
 *
 * `/livez` never speaks of the quorum: a supervisor that restarts nodes for want of one only makes it worse.
 */
export function healthRoutes(app: App, node: NodeBase): () => void {
  let spoken: { readonly healthy: boolean; readonly reason: string } | undefined;
  const stopListening = node.on("health", ({ healthy, reason }) => {
    spoken = { healthy, reason };
  });
  app.get("/status", () => document(statusDocument(node.status())));
  app.get("/livez", () => document({ id: node.id, live: true }));
  app.get("/health", () => {
    const { leader } = node.status();
    const { healthy, reason } = leader === undefined || spoken?.healthy === false ? ill(spoken?.reason) : well(leader);
    return document({ id: node.id, healthy, reason }, healthy ? 200 : 503);
  });
  app.get("/readyz", () => {
    const { leader, applied, readyAt } = node.status();
    const ready = leader !== undefined && readyAt !== undefined && applied >= readyAt;
    const reason = ready
      ? "caught up"
      : leader === undefined
        ? "no leader is known"
        : "still applying what was committed";
    return document({ id: node.id, ready, reason, applied, readyAt: readyAt ?? null }, ready ? 200 : 503);
  });
  return stopListening;
}

/** A node's status as JSON: what is not known is null, never left out. */
export function statusDocument(status: NodeStatus): object {
  return { ...status, leader: status.leader ?? null, readyAt: status.readyAt ?? null };
}

function ill(reason = "no leader is known"): { healthy: boolean; reason: string } {
  return { healthy: false, reason };
}

function well(leader: string): { healthy: boolean; reason: string } {
  return { healthy: true, reason: `${leader} leads` };
}
