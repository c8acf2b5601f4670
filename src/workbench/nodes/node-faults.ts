import type { Anomaly, Judgement } from "../../checker/operations/judgement.ts";
import type { NodeExit } from "./node-process.ts";

/** Examples kept for each kind of fault and node. */
const examplesMax = 5;
const quoteCharactersMax = 200;

/** What most often keeps a node's answers from arriving. */
export const flushHint = "does it flush stdout after each line?";

/** What nodes did that no node may do, whatever the workload: each kind is told as what it is. */
export class NodeFaults {
  readonly #anomalies: Anomaly[] = [];
  readonly #counts = new Map<string, number>();
  readonly #crashed: (id: string) => void;

  /** `crashed` is told of a node that ended unasked. */
  constructor(crashed: (id: string) => void) {
    this.#crashed = crashed;
  }

  /** A process ended that nobody had ended. */
  crashed(id: string, { how, hasRun, stderr }: NodeExit): void {
    this.#add("crash", id, `node ${id} ${how}${hasRun ? said(stderr) : ""}`);
    this.#crashed(id);
  }

  /** Something on stdout that is no message; `problem` completes "printed a line that". */
  misprint(id: string, line: string, problem: string): void {
    const hint = problem === "is not JSON" ? " (stdout is for messages, one JSON object a line; debug on stderr)" : "";
    this.#add("misprint", id, `node ${id} printed a line that ${problem}${hint}: ${quote(line)}`);
  }

  /** It did not answer `init`, or not with `init_ok`. */
  uninitialized(id: string, what: string, stderr: string): void {
    this.#add("init", id, `node ${id} ${what}${said(stderr)}`);
  }

  /** A reply that the workload's protocol does not know. */
  malformedReply(id: string, what: string): void {
    this.#add("malformed-reply", id, what);
  }

  /** No request that it was sent was ever answered. */
  silent(id: string, requests: number, stderr: string): void {
    this.#add("silent", id, `node ${id} answered none of ${requests} requests; ${flushHint}${said(stderr)}`);
  }

  judgement(): Judgement {
    const figures = Object.fromEntries(this.#counts);
    const isCertain = this.#anomalies.some(({ name }) => name !== "silent"); // a silent node may yet be a slow one
    const valid = isCertain ? false : this.#anomalies.length === 0 || "unknown";
    return { valid, anomalies: this.#anomalies, figures };
  }

  #add(name: string, id: string, explanation: string): void {
    const kind = `${name} ${id}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= examplesMax) this.#anomalies.push({ name, explanation, events: [] });
  }
}

/** A line as it can be shown. */
function quote(line: string): string {
  const text = line.length > quoteCharactersMax ? `${line.slice(0, quoteCharactersMax)}…` : line;
  return JSON.stringify(text);
}

function said(stderr: string): string {
  return stderr === ""
    ? "; it wrote nothing to stderr"
    : `; the end of its stderr:\n${stderr.replaceAll(/^/gm, "    ")}`;
}
