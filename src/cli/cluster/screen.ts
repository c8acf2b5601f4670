import { relative } from "node:path";
import type { SyncRate } from "../disk.ts";
import { formatMs } from "../quantities.ts";
import { formatCount, type Paint, table } from "../terminal.ts";
import { urlOf } from "./cluster-file.ts";
import type { ClusterStatus } from "./control.ts";
import type { ClusterEvent } from "./supervisor.ts";

/** What the screen shows once the cluster serves. */
export interface ReadyFacts {
  readonly status: ClusterStatus;
  readonly leader: string;
  readonly term: number;
  readonly readyMs: number;
  readonly disk: SyncRate;
  readonly directory: string;
  /** Entries that were there already; undefined for a new cluster. */
  readonly resumedEntries: number | undefined;
  /** How this program is called here. */
  readonly program: string;
  readonly keys: boolean;
  /** What curl needs to be let in; nothing without certificates. */
  readonly curl: string;
}

/** The help for the keys that `up` reads on a terminal. */
export const keysHelp = "k kill the leader · r start what is down · s status · l logs · q quit";

/** The screen of a cluster that has just become ready. */
export function readyScreen(facts: ReadyFacts, paint: Paint): string {
  const { status, leader, term, disk } = facts;
  const urls = status.nodes.map(({ http }) => urlOf(http, facts.curl !== ""));
  const url = (place: number): string => urls[place % urls.length] ?? "";
  const resumed =
    facts.resumedEntries === undefined ? "" : `, resumed with ${formatCount(facts.resumedEntries)} entries`;
  const rate = `${formatCount(disk.perSecond)} fsyncs a second (median ${disk.medianMs.toFixed(2)} ms)`;
  return [
    `${paint("bold", `${leader} leads term ${term}`)}, ready in ${formatMs(facts.readyMs)}; the disk does ${rate}`,
    "",
    ...status.nodes.map(({ id, state }, place) => `  ${id}  ${paint("cyan", url(place))}${note(id, state, leader)}`),
    `  data in ${relative(process.cwd(), facts.directory) || "."}${resumed}`,
    "",
    "Paste into another terminal:",
    `  curl ${facts.curl}-d 1 ${url(0)}/sCreate`,
    `  curl ${facts.curl}-d 1,hello ${url(1)}/sPush`,
    `  curl ${facts.curl}-d 1 ${url(2)}/sTop`,
    `  ${facts.program} cluster kill ${leader}`,
    `  curl ${facts.curl}-N ${url(0)}/events`,
    ...(facts.keys ? ["", `Keys: ${keysHelp}`] : []),
  ].join("\n");
}

function note(id: string, state: string, leader: string): string {
  if (state !== "up") return `  (${state})`;
  return id === leader ? "  leader" : "";
}

/** One event as a line or a few; undefined for what a person need not hear. */
export function eventText(event: ClusterEvent, paint: Paint): string | undefined {
  switch (event.kind) {
    case "leader": {
      const stopped = event.stoppedMs === undefined ? "" : ` (writes stopped for ${formatMs(event.stoppedMs)})`;
      return `${paint("green", `${event.node} leads term ${event.term}`)}${stopped}`;
    }
    case "exit": {
      const next =
        event.restartMs === undefined
          ? "it stays down until it is started"
          : `restarts in ${formatMs(event.restartMs)}`;
      return `${paint(event.asked ? "yellow" : "red", `${event.node} ended: ${event.how}`)}; ${next}`;
    }
    case "waiting":
      return [
        paint("red", `no leader for ${formatMs(event.waitedMs)}:`),
        ...event.lines.map((line) => `  ${line}`),
      ].join("\n");
    case "started":
      return undefined;
  }
}

/** The table of `cluster status`. */
export function statusTable({ nodes, faults }: ClusterStatus): string {
  const text = (value: number | string | undefined): string => (value === undefined ? "-" : String(value));
  const rows = nodes.map((node) => [
    node.id,
    node.state,
    text(node.role),
    text(node.term),
    text(node.leader),
    text(node.commit),
    text(node.applied),
    text(node.pid),
    String(node.http),
    String(node.peer),
  ]);
  const head = ["NODE", "STATE", "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED", "PID", "HTTP", "PEER"];
  return `${table(head, rows)}\nfaults: ${faults.length === 0 ? "none" : faults.join(", ")}`;
}

/** Reads single keys from a terminal until the returned call; anything that is no terminal is left alone. */
export function readKeys(stdin: NodeJS.ReadStream, pressed: (key: string) => void): () => void {
  if (!stdin.isTTY) return () => undefined;
  const receive = (data: Buffer): void => {
    for (const key of data.toString("latin1")) pressed(key === "\u0003" ? "q" : key); // raw mode hands us Ctrl-C as a key
  };
  stdin.setRawMode(true);
  stdin.on("data", receive);
  return () => {
    stdin.off("data", receive);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
