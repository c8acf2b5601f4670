import {
  consistency,
  content,
  idempotencyKey,
  inPath,
  inQuery,
  type Json,
  object,
  type Paths,
  readRefusals,
  refusals,
  schema,
  success,
  writeRefusals,
} from "../http/openapi.ts";

const key: Json = { type: "string", minLength: 1, maxLength: 4096 };
const value: Json = { type: "string" };
const version: Json = {
  type: "integer",
  minimum: 1,
  description: "Changes with every write, and is never used again.",
};
const leader: Json = {
  type: ["string", "null"],
  description: "Peer address of the leader.",
  examples: ["127.0.0.1:12379"],
};
const keyInPath = inPath("key", "The key, percent-encoded; slashes may stand as they are.");
const etag: Json = { ETag: { description: "The version, in quotes.", schema: { type: "string" } } };
const tags = ["kv"];

function header(name: string, description: string): Json {
  return { name, in: "header", description, schema: { type: "string" } };
}

const ifMatch = header("If-Match", "Write only if this ETag is still the stored one.");
const ifNoneMatch = header("If-None-Match", "`*`: write only if there is no such key.");

/** Schemas of the map. */
export const kvSchemas: { readonly [name: string]: Json } = {
  Pair: object({ key, value, version }),
  ClassicPair: object({ leader, key, value }),
  KeyList: object({
    keys: { type: "array", items: object({ key, version }) },
    next: { type: ["string", "null"], description: "Pass it as `after` to go on; null at the end." },
  }),
};

/** Operations of the map, in both forms. */
export const kvPaths: Paths = {
  "/": {
    put: {
      tags,
      summary: "Store a value (classic form)",
      parameters: [idempotencyKey],
      requestBody: { required: true, ...content(object({ key, value })) },
      responses: { 200: success("Stored.", schema("ClassicPair")), ...writeRefusals },
    },
    get: {
      tags,
      summary: "Read a value (classic form)",
      parameters: [{ ...(inQuery("key", "The key.", key) as object), required: true }, consistency],
      responses: { 200: success("The value.", schema("ClassicPair")), ...readRefusals, ...refusals(404) },
    },
  },
  "/v1/kv": {
    get: {
      tags,
      summary: "List keys",
      parameters: [
        inQuery("prefix", "Only keys that begin so.", { type: "string", default: "" }),
        inQuery("after", "Begin after this key.", key),
        inQuery("limit", "Most keys to show.", { type: "integer", minimum: 1, maximum: 1000, default: 100 }),
        consistency,
      ],
      responses: { 200: success("Keys in the order of their bytes.", schema("KeyList")), ...readRefusals },
    },
  },
  "/v1/kv/{key}": {
    get: {
      tags,
      summary: "Read a value",
      parameters: [keyInPath, header("If-None-Match", "Answer 304 if this ETag is the stored one."), consistency],
      responses: {
        200: success("The value and its version.", schema("Pair"), etag),
        304: success("Not changed.", undefined, etag),
        ...readRefusals,
        ...refusals(404),
      },
    },
    put: {
      tags,
      summary: "Store a value",
      parameters: [keyInPath, ifMatch, ifNoneMatch, idempotencyKey],
      requestBody: { required: true, ...content(object({ value })) },
      responses: {
        200: success("Replaced.", object({ key, version }), etag),
        201: success("Stored for the first time.", object({ key, version }), etag),
        ...writeRefusals,
        ...refusals(412),
      },
    },
    delete: {
      tags,
      summary: "Delete a key",
      parameters: [keyInPath, ifMatch, idempotencyKey],
      responses: { 204: success("Deleted."), ...writeRefusals, ...refusals(404, 412) },
    },
  },
};
