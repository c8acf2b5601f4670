import { OperatingError } from "../base/errors.ts";
import { answerTo } from "./errors.ts";
import type { Body, Message } from "./messages.ts";

/** The one answer to a request; what wants none gets none. */
export class Answer {
  readonly #request: Body;
  readonly #send: (body: Body) => void;
  #isGiven = false;

  constructor({ body }: Message, send: (body: Body) => void) {
    this.#request = body;
    this.#send = send;
  }

  /** Answers with these fields, unless there was an answer before. */
  give(fields: object): void {
    this.#answer({ ...fields, type: `${this.#request.type}_ok` });
  }

  /** Answers with an error. False if that is not enough: it told nobody, or nobody expected the failure. */
  fail(error: unknown): boolean {
    const { number, message } = answerTo(error);
    return this.#answer({ type: "error", code: number, text: message }) && error instanceof OperatingError;
  }

  #answer(body: Body): boolean {
    const { msg_id: id } = this.#request;
    if (id === undefined || this.#isGiven) return false;
    this.#send({ ...body, in_reply_to: id }); // throws for what is no JSON, which is a failure to be answered
    this.#isGiven = true;
    return true;
  }
}
