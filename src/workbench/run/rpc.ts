import { formatJson } from "../network/json.ts";
import type { Body } from "../network/message.ts";
import type { Network } from "../network/network.ts";
import { MalformedReplyError, RefusedError, SilenceError } from "./rpc-errors.ts";

interface Waiting {
  readonly type: string;
  settle(reply: Body): void;
}

/** A client on the network that asks and waits for answers. */
export class RpcClient {
  readonly id: string;
  readonly #network: Network;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(network: Network, id: string) {
    this.id = id;
    this.#network = network;
    network.join(id, ({ body }) => {
      const { in_reply_to: number } = body;
      if (typeof number === "number") this.#waiting.get(number)?.settle(body); // else an answer that came too late
      return true;
    });
  }

  /** Resolves to the answer; rejects with one of the errors beside. Waits in real time, also on a fast timeline. */
  ask(dest: string, request: Body, timeoutMs: number): Promise<Body> {
    const number = this.#nextId++;
    const type = String(request.type);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(new SilenceError(`no answer in ${timeoutMs} ms`));
      }, timeoutMs);
      timer.unref(); // what nobody waits for any more must not keep us here
      const settle = (reply: Body): void => {
        clearTimeout(timer);
        this.#waiting.delete(number);
        const problem = problemOf(reply, type);
        if (problem === undefined) resolve(reply);
        else reject(problem);
      };
      this.#waiting.set(number, { type, settle });
      this.#network.send({ src: this.id, dest, body: { ...request, msg_id: number } });
    });
  }

  /** Leaves the network; what comes for it is lost. */
  close(): void {
    this.#network.leave(this.id);
  }
}

function problemOf(reply: Body, asked: string): Error | undefined {
  if (reply.type === `${asked}_ok`) return undefined;
  if (reply.type !== "error") return new MalformedReplyError(`${asked} was answered with ${formatJson(reply)}`);
  const { code, text } = reply;
  if (!Number.isSafeInteger(code))
    return new MalformedReplyError(`an error without a whole number as code: ${formatJson(reply)}`);
  return new RefusedError(code as number, typeof text === "string" ? text : "");
}
