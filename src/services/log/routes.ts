import * as v from "@badrap/valita";
import type { LogAnswer, LogCommand, LogQuestion, LogReply } from "../../machines/log.ts";
import { document } from "../http/answers.ts";
import { type App, executeOptions, queryNumber, readOptions } from "../http/exchange.ts";
import { type Intake, text } from "../http/intake.ts";
import type { Replica } from "../http/replica.ts";

/** The replicated log of text entries. */
export type Log = Replica<LogCommand, LogAnswer, LogQuestion, LogReply>;

const request = v.object({ entry: text(Number.MAX_SAFE_INTEGER, 0) });

/** Most entries, and about most bytes of them, in one answer. */
const entriesMax = 1000;
const pageBytesMax = 1024 * 1024;

/** `POST /request` and `GET /log`. `leaderAddress` is where the leader, if known, listens for peers. */
export function logRoutes(app: App, log: Log, intake: Intake, leaderAddress: () => string | null): void {
  app.post("/request", async (exchange) => {
    const { entry } = await intake.json(exchange, request);
    const { index } = await log.execute({ kind: "append", entry }, executeOptions(exchange));
    return document({ success: true, leader: leaderAddress(), index });
  });

  app.get("/log", async (exchange) => {
    const from = Math.max(1, queryNumber(exchange, "index", 0, Number.MAX_SAFE_INTEGER, 1));
    const limit = queryNumber(exchange, "limit", 1, entriesMax, entriesMax);
    const question = { kind: "read", from, limit, bytesMax: pageBytesMax } as const;
    const { entries, last } = await log.read(question, readOptions(exchange));
    const shown = entries.at(-1)?.index ?? last;
    return document({ leader: leaderAddress(), entries, last, next: shown < last ? shown + 1 : null });
  });
}
