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
