import { connect } from "node:net";

/** An answer of a node; status 0: none came in time, or the connection broke. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

const none: Answered = { status: 0, text: "" };

/** Longer than a node itself waits: a test that gives up first would see nothing of its answer. */
const waitMs = 8000;

/** One request in the classic form, without any retry. */
export async function post(url: string, path: string, body: string, key?: string, ms = waitMs): Promise<Answered> {
  try {
    const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
    const response = await fetch(url + path, { method: "POST", body, headers, signal: AbortSignal.timeout(ms) });
    return { status: response.status, text: (await response.text()).trim() };
  } catch {
    return none; // refused, reset or too late
  }
}

/** Makes a stack; fails if it cannot. */
export async function createStack(url: string, stack: string): Promise<void> {
  const { status, text } = await post(url, "/sCreate", stack);
  if (status !== 200) throw new Error(`${status} ${text}`);
}

/** How many values a node says are in a stack: linearizably, or from what it has. */
export async function readSize(url: string, stack: string, consistency = "linearizable"): Promise<Answered> {
  return await post(url, `/sSize?consistency=${consistency}`, stack);
}

/** Requests under way at once in `postMany`. */
const windowCount = 250;

/** The same request `count` times, as fast as it is taken, all over one connection: cheap. All must be answered 200. */
export async function postMany(url: string, path: string, body: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const request = `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  let sent = Math.min(windowCount, count);
  let answered = 0;
  let rest = "";
  socket.write(request.repeat(sent));
  for await (const chunk of socket) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    const statuses = lines.filter((line) => line.startsWith("HTTP/1.1 "));
    const refused = statuses.find((line) => !line.startsWith("HTTP/1.1 200"));
    if (refused !== undefined) throw new Error(refused);
    answered += statuses.length;
    if (answered === count) return;
    const more = Math.min(statuses.length, count - sent);
    socket.write(request.repeat(more));
    sent += more;
  }
  throw new Error(`the connection ended after ${answered} of ${count} answers`);
}
