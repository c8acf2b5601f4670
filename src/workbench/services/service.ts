import type { Body } from "../network/message.ts";

/** What nodes can lean on: answers one request at a time. */
export interface Service {
  answer(client: string, request: Body): Body;
}

/** An answer with one of Maelstrom's error codes. */
export function refusal(code: number, text: string): Body {
  return { type: "error", code, text };
}
