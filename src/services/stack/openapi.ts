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

const id: Json = { type: "string", description: "1 to 256 bytes of printable text without a comma.", examples: ["1"] };
const value: Json = { type: "string" };
const size: Json = { type: "integer", minimum: 0 };
const stack = inPath("stack", "Id of the stack, percent-encoded.");
const tags = ["stack"];

/** Schemas of the stack's JSON form. */
export const stackSchemas: { readonly [name: string]: Json } = {
  Stack: object({ id, size, top: { type: ["string", "null"], description: "Null when the stack is empty." } }),
  StackList: object({
    stacks: { type: "array", items: object({ id, size }) },
    next: { type: ["string", "null"], description: "Pass it as `after` to go on; null at the end." },
  }),
};

/** Operations of the stack's JSON form. */
export const stackPaths: Paths = {
  "/v1/stacks": {
    get: {
      tags,
      summary: "List stacks",
      parameters: [
        inQuery("after", "Begin after this stack.", id),
        inQuery("limit", "Most stacks to show.", { type: "integer", minimum: 1, maximum: 1000, default: 100 }),
        consistency,
      ],
      responses: { 200: success("Stacks, in the order of their ids.", schema("StackList")), ...readRefusals },
    },
    post: {
      tags,
      summary: "Create a stack",
      description: "Without an id the next free number is taken.",
      parameters: [idempotencyKey],
      requestBody: {
        required: true,
        ...content(object({ id: { anyOf: [id, { type: "integer", minimum: 0 }] } }, ["id"])),
      },
      responses: {
        201: success("Created.", object({ id }), { Location: { schema: { type: "string" } } }),
        ...writeRefusals,
        ...refusals(409),
      },
    },
  },
  "/v1/stacks/{stack}": {
    get: {
      tags,
      summary: "Look at a stack",
      parameters: [stack, consistency],
      responses: { 200: success("The stack.", schema("Stack")), ...readRefusals, ...refusals(404) },
    },
    delete: {
      tags,
      summary: "Delete a stack and all that is on it",
      parameters: [stack, idempotencyKey],
      responses: { 204: success("Deleted."), ...writeRefusals, ...refusals(404) },
    },
  },
  "/v1/stacks/{stack}/push": {
    post: {
      tags,
      summary: "Push a value",
      parameters: [stack, idempotencyKey],
      requestBody: { required: true, ...content(object({ value })) },
      responses: { 200: success("Pushed; the size it has now.", object({ size })), ...writeRefusals, ...refusals(404) },
    },
  },
  "/v1/stacks/{stack}/pop": {
    post: {
      tags,
      summary: "Pop the top value",
      parameters: [stack, idempotencyKey],
      responses: {
        200: success("The value, and the size without it.", object({ value, size })),
        ...writeRefusals,
        ...refusals(404, 410),
      },
    },
  },
  "/v1/stacks/{stack}/top": {
    get: {
      tags,
      summary: "Look at the top value",
      parameters: [stack, consistency],
      responses: { 200: success("The value.", object({ value })), ...readRefusals, ...refusals(404, 410) },
    },
  },
};
