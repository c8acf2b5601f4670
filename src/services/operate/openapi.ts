import { type Json, type Paths, refusals } from "../http/openapi.ts";

const tags = ["operate"];

/** Operations for those who keep a cluster running. */
export const operatePaths: Paths = {
  "/snapshot": {
    get: {
      tags,
      summary: "A backup of all state",
      description: "Holds all that was acknowledged before the request. `quorate snapshot verify` says what is in it.",
      responses: {
        200: { description: "The file.", content: { "application/octet-stream": { schema: {} as Json } } },
        ...refusals(403, 500, 503),
      },
    },
  },
};
