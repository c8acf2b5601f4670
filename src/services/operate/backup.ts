import { Readable } from "node:stream";
import { BusyError } from "../../runtime/errors.ts";
import { nothing } from "../http/answers.ts";
import { type App, clientGone } from "../http/exchange.ts";
import type { ObjectsNode } from "../objects.ts";

/** Backups on their way at once: each keeps a snapshot on the disk. */
const backupsMax = 4;

const headers = { "content-type": "application/octet-stream", "cache-control": "no-store" };

/** `GET /snapshot`: a backup, as `quorate snapshot save` stores it. */
export function backupRoutes(app: App, node: ObjectsNode): void {
  let underWay = 0;
  app.get("/snapshot", async (exchange) => {
    if (exchange.env.incoming.method === "HEAD") return nothing(200, headers);
    if (underWay >= backupsMax) throw new BusyError();
    underWay++;
    try {
      const { content, fileBytes } = await node.backup({ signal: clientGone(exchange.env.incoming.socket) });
      const file = Readable.from(content, { objectMode: false });
      file.once("close", () => underWay--);
      return new Response(Readable.toWeb(file) as ReadableStream, {
        headers: { ...headers, "content-length": String(fileBytes) },
      });
    } catch (error) {
      underWay--;
      throw error;
    }
  });
}
