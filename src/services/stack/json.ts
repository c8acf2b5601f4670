import * as v from "@badrap/valita";
import { invariant } from "../../base/invariant.ts";
import { document, nothing, problemDocument } from "../http/answers.ts";
import { type App, decodePart, type Exchange, executeOptions, queryNumber, readOptions } from "../http/exchange.ts";
import type { Intake } from "../http/intake.ts";
import { type Stacks, stackId, stackIdSchema, stackProblem, valueSchema } from "./words.ts";

const creation = v.object({ id: stackIdSchema.optional() });
const pushed = v.object({ value: valueSchema });

/** Most stacks that one list shows. */
const listLimitMax = 1000;
const listLimit = 100;

/** The JSON form, under `/v1/stacks`. */
export function jsonStackRoutes(app: App, stacks: Stacks, intake: Intake): void {
  app.get("/v1/stacks", async (exchange) => {
    const limit = queryNumber(exchange, "limit", 1, listLimitMax, listLimit);
    const after = exchange.req.query("after");
    const question = { kind: "list", limit, ...(after === undefined ? {} : { after: stackId(after) }) } as const;
    const reply = await stacks.read(question, readOptions(exchange));
    invariant(reply.kind === "stacks", "a list is replied to with stacks");
    const shown = reply.stacks.map(({ stack, size }) => ({ id: stack, size }));
    return document({ stacks: shown, next: reply.more ? (shown.at(-1)?.id ?? null) : null });
  });

  app.post("/v1/stacks", async (exchange) => {
    const { id: stack } = await intake.json(exchange, creation);
    const command = stack === undefined ? ({ kind: "create" } as const) : ({ kind: "create", stack } as const);
    const answer = await stacks.execute(command, executeOptions(exchange));
    if (answer.kind === "created") {
      return document({ id: answer.stack }, 201, { location: `/v1/stacks/${encodeURIComponent(answer.stack)}` });
    }
    return problemDocument(stackProblem("exists", stack ?? ""));
  });

  app.get("/v1/stacks/:stack", async (exchange) => {
    const stack = stackOf(exchange);
    const reply = await stacks.read({ kind: "get", stack }, readOptions(exchange));
    if (reply.kind !== "stack") return problemDocument(stackProblem("missing", stack));
    return document({ id: stack, size: reply.size, top: reply.top ?? null });
  });

  app.delete("/v1/stacks/:stack", async (exchange) => {
    const stack = stackOf(exchange);
    const answer = await stacks.execute({ kind: "delete", stack }, executeOptions(exchange));
    return answer.kind === "deleted" ? nothing() : problemDocument(stackProblem("missing", stack));
  });

  app.post("/v1/stacks/:stack/push", async (exchange) => {
    const stack = stackOf(exchange);
    const { value } = await intake.json(exchange, pushed);
    const answer = await stacks.execute({ kind: "push", stack, value }, executeOptions(exchange));
    return answer.kind === "pushed" ? document({ size: answer.size }) : problemDocument(stackProblem("missing", stack));
  });

  app.post("/v1/stacks/:stack/pop", async (exchange) => {
    const stack = stackOf(exchange);
    const answer = await stacks.execute({ kind: "pop", stack }, executeOptions(exchange));
    if (answer.kind === "popped") return document({ value: answer.value, size: answer.size });
    return problemDocument(stackProblem(answer.kind === "empty" ? "empty" : "missing", stack));
  });

  app.get("/v1/stacks/:stack/top", async (exchange) => {
    const stack = stackOf(exchange);
    const reply = await stacks.read({ kind: "top", stack }, readOptions(exchange));
    if (reply.kind === "top") return document({ value: reply.value });
    return problemDocument(stackProblem(reply.kind === "empty" ? "empty" : "missing", stack));
  });
}

/** The stack that the path names: its third part. */
function stackOf(exchange: Exchange): string {
  return stackId(decodePart(exchange.req.path.split("/")[3] ?? ""));
}
