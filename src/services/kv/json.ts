import * as v from "@badrap/valita";
import { MalformedError } from "../../base/errors.ts";
import { invariant } from "../../base/invariant.ts";
import { document, nothing, problemDocument } from "../http/answers.ts";
import { type App, decodePart, type Exchange, executeOptions, queryNumber, readOptions } from "../http/exchange.ts";
import { type Intake, isWithin } from "../http/intake.ts";
import { refusal } from "../http/status.ts";
import { etag, hasAlready, type Precondition, writePrecondition } from "./preconditions.ts";
import { checkedKey, type Kv, keyBytesMax, missingKey, valueSchema } from "./words.ts";

const stored = v.object({ value: valueSchema });

/** Most keys that one list shows. */
const listLimitMax = 1000;
const listLimit = 100;

/** The JSON form, under `/v1/kv`: versions are entity tags, compare-and-set is `If-Match`. */
export function jsonKvRoutes(app: App, kv: Kv, intake: Intake): void {
  app.get("/v1/kv", async (exchange) => {
    const limit = queryNumber(exchange, "limit", 1, listLimitMax, listLimit);
    const prefix = exchange.req.query("prefix") ?? "";
    if (!isWithin(prefix, 0, keyBytesMax)) throw new MalformedError(`prefix must have at most ${keyBytesMax} bytes`);
    const after = exchange.req.query("after");
    const question = {
      kind: "list",
      prefix,
      limit,
      ...(after === undefined ? {} : { after: checkedKey(after) }),
    } as const;
    const reply = await kv.read(question, readOptions(exchange));
    invariant(reply.kind === "keys", "a list is replied to with keys");
    const { keys, more } = reply;
    return document({ keys, next: more ? (keys.at(-1)?.key ?? null) : null });
  });

  app.get("/v1/kv/:key{.+}", async (exchange) => {
    const key = keyOf(exchange);
    const reply = await kv.read({ kind: "get", key }, readOptions(exchange));
    if (reply.kind !== "found") return problemDocument(missingKey(key));
    const { value, version } = reply;
    if (hasAlready(exchange.env.incoming.headers, version)) return nothing(304, { etag: etag(version) });
    return document({ key, value, version }, 200, { etag: etag(version) });
  });

  app.put("/v1/kv/:key{.+}", async (exchange) => {
    const key = keyOf(exchange);
    const precondition = writePrecondition(exchange.env.incoming.headers);
    const { value } = await intake.json(exchange, stored);
    if (precondition === "never") return mismatch(key, undefined);
    const command = { kind: "put", key, value, ...demand(precondition) } as const;
    const answer = await kv.execute(command, executeOptions(exchange));
    if (answer.kind !== "stored") return mismatch(key, answer.kind === "conflict" ? answer.version : undefined);
    const { version, created } = answer;
    return document({ key, version }, created ? 201 : 200, { etag: etag(version) });
  });

  app.delete("/v1/kv/:key{.+}", async (exchange) => {
    const key = keyOf(exchange);
    const precondition = writePrecondition(exchange.env.incoming.headers);
    if (precondition === "never" || precondition === 0) return mismatch(key, undefined);
    const answer = await kv.execute({ kind: "delete", key, ...demand(precondition) }, executeOptions(exchange));
    if (answer.kind === "deleted") return nothing();
    if (answer.kind === "conflict") return mismatch(key, answer.version);
    return precondition === undefined ? problemDocument(missingKey(key)) : mismatch(key, undefined);
  });
}

/** The key that the path names: all after its third slash. */
function keyOf(exchange: Exchange): string {
  return checkedKey(decodePart(exchange.req.path.split("/").slice(3).join("/")));
}

function demand(precondition: Exclude<Precondition, "never">): { readonly ifVersion?: number } {
  return precondition === undefined ? {} : { ifVersion: precondition };
}

function mismatch(key: string, version: number | undefined): Response {
  const name = JSON.stringify(key.slice(0, 100));
  const state = version === undefined ? "is not stored in that version" : `is stored in version ${version}`;
  const problem = refusal(
    "QUORATE_VERSION_MISMATCH",
    `key ${name} ${state}; nothing was changed; read it and decide anew`,
  );
  return problemDocument(problem, version === undefined ? undefined : { etag: etag(version) });
}
