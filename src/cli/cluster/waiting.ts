import type { ChildState } from "./child.ts";

/** What is known of one node while there is no leader. */
export interface NodeView {
  readonly id: string;
  readonly state: ChildState;
  /** What `/status` said; undefined when nobody answered there. */
  readonly answer?: NodeAnswer | undefined;
  /** What `/health` gave as the reason. */
  readonly reason?: string | undefined;
}

/** What is used of a node's `/status`. */
export interface NodeAnswer {
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commit: number;
  readonly applied: number;
  readonly peers: readonly { readonly id: string; readonly linkUp: boolean }[];
}

/** Says, line by line, who waits for whom, and what is missing for a majority. */
export function explainWaiting(nodes: readonly NodeView[]): string[] {
  const needed = Math.floor(nodes.length / 2) + 1;
  const able = nodes.filter(({ answer }) => answer !== undefined);
  const lines = nodes.map((node) => `${node.id} ${describe(node, nodes)}`);
  if (able.length >= needed) return lines;
  return [
    ...lines,
    `a leader needs ${needed} of ${nodes.length} nodes, ${able.length} ${able.length === 1 ? "runs" : "run"}`,
  ];
}

function describe({ state, answer, reason }: NodeView, nodes: readonly NodeView[]): string {
  if (state === "down") return "is down";
  if (state === "paused") return "is paused";
  if (answer === undefined) return "runs, and does not answer";
  if (answer.leader !== null) return `follows ${answer.leader} in term ${answer.term}`;
  const missing = answer.peers.filter(({ linkUp }) => !linkUp).map(({ id }) => id);
  const because = reason === undefined ? "" : ` (${reason})`;
  if (missing.length > 0)
    return `(${answer.role}, term ${answer.term}) waits for a link to ${missing.join(", ")}${because}`;
  const others = nodes.filter((node) => answer.peers.some(({ id }) => id === node.id)).map(({ id }) => id);
  return `(${answer.role}, term ${answer.term}) waits for votes of ${others.join(", ")}${because}`;
}
