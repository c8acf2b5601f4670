/** A part of an OpenAPI document. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** Paths of an OpenAPI document: path → method → operation. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** One method of one path. */
export interface Operation {
  readonly [field: string]: Json;
  readonly summary: string;
  readonly responses: { readonly [status: string]: Json };
}

/** A reference to a schema of `components`. */
export function schema(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object of which nothing but optional fields may be missing. */
export function object(properties: { readonly [name: string]: Json }, optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

/** A body of JSON. */
export function content(schema: Json): { readonly [field: string]: Json } {
  return { content: { "application/json": { schema } } };
}

/** A successful answer. */
export function success(description: string, schema?: Json, headers?: Json): Json {
  return {
    description,
    ...(schema === undefined ? {} : content(schema)),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** The refusals that a request can meet, by status. */
export function refusals(...statuses: readonly number[]): { readonly [status: string]: Json } {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${status}` }]));
}

/** Refusals that any write can meet. */
export const writeRefusals: { readonly [status: string]: Json } = refusals(400, 403, 413, 422, 500, 503, 504);
/** Refusals that any read can meet. */
export const readRefusals: { readonly [status: string]: Json } = refusals(400, 403, 500, 503, 504);

/** The parameter of writes. */
export const idempotencyKey: Json = { $ref: "#/components/parameters/idempotencyKey" };
/** The parameter of reads. */
export const consistency: Json = { $ref: "#/components/parameters/consistency" };

/** A parameter of the path. */
export function inPath(name: string, description: string): Json {
  return { name, in: "path", required: true, description, schema: { type: "string" } };
}

/** An optional parameter of the query. */
export function inQuery(name: string, description: string, schema: Json): Json {
  return { name, in: "query", required: false, description, schema };
}

const meanings: readonly [status: number, description: string][] = [
  [400, "Malformed: the message says where."],
  [403, "From a web page of another origin, or under a host name that is not ours."],
  [404, "No such thing."],
  [409, "It exists already, or what takes part at present does not allow it."],
  [410, "The stack is empty."],
  [412, "The value has changed since: another version is stored."],
  [413, "The body is too large."],
  [422, "The Idempotency-Key was used for another request."],
  [500, "This node met an error of its own."],
  [503, "Certainly not applied: no leader, no majority, or too busy. Try again."],
  [504, "It may have been applied, now or later. Retry with the same Idempotency-Key."],
];

const problem = object({
  error: object({
    code: { type: "string", description: "Stable; explained by `quorate help CODE`.", examples: ["QUORATE_NO_LEADER"] },
    message: { type: "string", description: "What happened, what it means, what to do." },
    retry: { enum: ["now", "elsewhere", "never"] },
    outcome: { enum: ["not-applied", "unknown"], description: "Whether the request may have been applied." },
  }),
});

/** The whole document: `paths` of the services, and what they share. */
export function openApi(version: string, paths: Paths, schemas: { readonly [name: string]: Json }): Json {
  const responses = Object.fromEntries(
    meanings.map(([status, description]) => [
      status,
      {
        ...content(schema("Problem")),
        description,
        ...(status === 503
          ? { headers: { "Retry-After": { schema: { type: "integer" }, description: "Seconds." } } }
          : {}),
      },
    ]),
  );
  const parameters = {
    idempotencyKey: {
      name: "Idempotency-Key",
      in: "header",
      description: "Names the request: however often it is sent, to whichever node, it is applied once.",
      schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,256}$" },
    },
    consistency: inQuery("consistency", "`stale`: what this node has, at once. `lease`: by the leader's lease.", {
      enum: ["linearizable", "lease", "stale"],
      default: "linearizable",
    }),
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Quorate",
      version,
      description: "Replicated objects. Any node takes any request.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths: paths as unknown as Json,
    components: { schemas: { Problem: problem, ...schemas }, responses, parameters },
  };
}
