import {
  consistency,
  content,
  idempotencyKey,
  inQuery,
  type Json,
  object,
  type Paths,
  readRefusals,
  schema,
  success,
  writeRefusals,
} from "../http/openapi.ts";

const index: Json = { type: "integer", minimum: 1 };
const entry: Json = { type: "string" };
const leader: Json = {
  type: ["string", "null"],
  description: "Peer address of the leader.",
  examples: ["127.0.0.1:12379"],
};
const tags = ["log"];

/** Schemas of the log. */
export const logSchemas: { readonly [name: string]: Json } = {
  LogPage: object({
    leader,
    entries: { type: "array", items: object({ index, entry }) },
    last: { type: "integer", minimum: 0, description: "Index of the last committed entry." },
    next: { type: ["integer", "null"], description: "Index to go on from; null at the end." },
  }),
};

/** Operations of the log. */
export const logPaths: Paths = {
  "/request": {
    post: {
      tags,
      summary: "Append an entry",
      parameters: [idempotencyKey],
      requestBody: { required: true, ...content(object({ entry })) },
      responses: {
        200: success("Committed at `index`.", object({ success: { const: true }, leader, index })),
        ...writeRefusals,
      },
    },
  },
  "/log": {
    get: {
      tags,
      summary: "Read committed entries",
      parameters: [
        inQuery("index", "First entry wanted.", { type: "integer", minimum: 0, default: 1 }),
        inQuery("limit", "Most entries to show.", { type: "integer", minimum: 1, maximum: 1000, default: 1000 }),
        consistency,
      ],
      responses: { 200: success("Entries from `index` on, about 1 MiB at most.", schema("LogPage")), ...readRefusals },
    },
  },
};
