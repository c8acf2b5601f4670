import * as v from "@badrap/valita";
import { MalformedError } from "../../base/errors.ts";
import { document, problemDocument } from "../http/answers.ts";
import { type App, executeOptions, readOptions } from "../http/exchange.ts";
import type { Intake } from "../http/intake.ts";
import { checkedKey, type Kv, keySchema, missingKey, valueSchema } from "./words.ts";

const pair = v.object({ key: keySchema, value: valueSchema });

/** The classic small etcd: `PUT /` and `GET /?key=`. `leaderAddress` is where the leader, if known, meets its peers. */
export function classicKvRoutes(app: App, kv: Kv, intake: Intake, leaderAddress: () => string | null): void {
  app.put("/", async (exchange) => {
    const { key, value } = await intake.json(exchange, pair);
    await kv.execute({ kind: "put", key, value }, executeOptions(exchange));
    return document({ leader: leaderAddress(), key, value });
  });

  app.get("/", async (exchange) => {
    const key = exchange.req.query("key");
    if (key === undefined) throw new MalformedError("give a key, as in /?key=a; /openapi.json lists everything else");
    const reply = await kv.read({ kind: "get", key: checkedKey(key) }, readOptions(exchange));
    if (reply.kind !== "found") return problemDocument(missingKey(key));
    return document({ leader: leaderAddress(), key, value: reply.value });
  });
}
