import { content, inPath, type Json, object, type Paths, refusals, schema, success } from "../http/openapi.ts";

const tags = ["operate"];
const id: Json = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" };
const address: Json = { type: "string", description: "Where the others reach it: host:port." };
const member = inPath("id", "The member.");
const changeRefusals = refusals(400, 403, 409, 413, 500, 503, 504);
const reached = success("Agreed on, and done.", schema("Members"));

/** Schemas of what concerns the cluster as a whole. */
export const operateSchemas: { readonly [name: string]: Json } = {
  Members: object({
    leader: { type: ["string", "null"], description: "Id of the leader, if one is known." },
    members: {
      type: "array",
      items: object({
        id,
        address,
        role: {
          enum: ["voter", "learner", "leaving"],
          description:
            "A learner receives everything and decides nothing; who is leaving counts until the change is done.",
        },
      }),
    },
  }),
};

/** Operations for those who keep a cluster running. */
export const operatePaths: Paths = {
  "/members": {
    get: {
      tags,
      summary: "Who takes part, as far as this node knows",
      responses: { 200: success("The members.", schema("Members")) },
    },
    post: {
      tags,
      summary: "Add a member, as a learner (at the leader)",
      requestBody: { required: true, ...content(object({ id, address })) },
      responses: { 200: reached, ...changeRefusals },
    },
  },
  "/members/{id}": {
    put: {
      tags,
      summary: "Give a member another address (at the leader)",
      parameters: [member],
      requestBody: { required: true, ...content(object({ address })) },
      responses: { 200: reached, ...changeRefusals },
    },
    delete: {
      tags,
      summary: "Remove a member (at the leader)",
      parameters: [member],
      responses: { 200: reached, ...changeRefusals },
    },
  },
  "/members/{id}/promote": {
    post: {
      tags,
      summary: "Make a learner a voter, once it has caught up (at the leader)",
      parameters: [member],
      responses: { 200: reached, ...changeRefusals },
    },
  },
  "/leader": {
    post: {
      tags,
      summary: "Hand over leadership (at the leader)",
      description: "To `id`, or to whoever is most up to date.",
      requestBody: { required: false, ...content(object({ id }, ["id"])) },
      responses: {
        200: success("Another member leads.", object({ leader: { type: ["string", "null"] } })),
        ...changeRefusals,
      },
    },
  },
  "/snapshot": {
    get: {
      tags,
      summary: "A backup of all state",
      description: "Holds all that was acknowledged before the request. `quorate snapshot verify` says what is in it.",
      responses: {
        200: { description: "The file.", content: { "application/octet-stream": { schema: { type: "string" } } } },
        ...refusals(403, 500, 503),
      },
    },
  },
};
