import { MalformedError } from "../../base/errors.ts";
import { line, problemLine, problemOf } from "../http/answers.ts";
import { type App, type Exchange, executeOptions, readOptions } from "../http/exchange.ts";
import type { Intake } from "../http/intake.ts";
import { type Stacks, stackId, stackProblem } from "./words.ts";

/** The classic form: a line of plain text in the body, a line of plain text back. For curl, and for people. */
export function classicStackRoutes(app: App, stacks: Stacks, intake: Intake): void {
  const route = (path: string, answer: (exchange: Exchange, body: string) => Promise<Response>): void => {
    app.post(path, async (exchange) => {
      try {
        return await answer(exchange, withoutLineEnd(await intake.text(exchange)));
      } catch (error) {
        return problemLine(problemOf(error));
      }
    });
  };

  route("/sCreate", async (exchange, body) => {
    const stack = stackId(body);
    const answer = await stacks.execute({ kind: "create", stack }, executeOptions(exchange));
    return answer.kind === "created" ? line(answer.stack) : problemLine(stackProblem("exists", stack));
  });

  route("/sId", async (exchange, body) => {
    const stack = stackId(body);
    const reply = await stacks.read({ kind: "size", stack }, readOptions(exchange));
    return reply.kind === "size" ? line(stack) : problemLine(stackProblem("missing", stack));
  });

  route("/sPush", async (exchange, body) => {
    const comma = body.indexOf(",");
    if (comma === -1) throw new MalformedError("the body must be a stack, a comma and a value, as in 1,10");
    const stack = stackId(body.slice(0, comma));
    const value = body.slice(comma + 1);
    const answer = await stacks.execute({ kind: "push", stack, value }, executeOptions(exchange));
    return answer.kind === "pushed" ? line(value) : problemLine(stackProblem("missing", stack));
  });

  route("/sPop", async (exchange, body) => {
    const stack = stackId(body);
    const answer = await stacks.execute({ kind: "pop", stack }, executeOptions(exchange));
    if (answer.kind === "popped") return line(answer.value);
    return problemLine(stackProblem(answer.kind === "empty" ? "empty" : "missing", stack));
  });

  route("/sTop", async (exchange, body) => {
    const stack = stackId(body);
    const reply = await stacks.read({ kind: "top", stack }, readOptions(exchange));
    if (reply.kind === "top") return line(reply.value);
    return problemLine(stackProblem(reply.kind === "empty" ? "empty" : "missing", stack));
  });

  route("/sSize", async (exchange, body) => {
    const stack = stackId(body);
    const reply = await stacks.read({ kind: "size", stack }, readOptions(exchange));
    return reply.kind === "size" ? line(reply.size) : problemLine(stackProblem("missing", stack));
  });
}

/** Editors and `echo` end a line; the value is what stands before. */
function withoutLineEnd(body: string): string {
  if (body.endsWith("\r\n")) return body.slice(0, -2);
  return body.endsWith("\n") ? body.slice(0, -1) : body;
}
