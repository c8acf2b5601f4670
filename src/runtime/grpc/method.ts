import type { Codec } from "../../base/bytes.ts";

/** What may come more than once: requests, responses, neither, or both. */
export type MethodKind = "unary" | "client-streaming" | "server-streaming" | "bidirectional";

/** One method of a service: where it is called, and how its messages become bytes. */
export interface Method<Kind extends MethodKind, Request, Response> {
  readonly kind: Kind;
  /** As on the wire: `/package.Service/Method`. */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}
