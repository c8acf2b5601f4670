import { randomBytes } from "node:crypto";
import { MaelstromNode } from "../node.ts";

/** Gives out ids without asking anybody: who it is, which of its lives this is, and a count. */
export async function serveUniqueIds(): Promise<void> {
  const node = new MaelstromNode({ workload: "unique-ids" });
  const life = randomBytes(9).toString("base64url"); // a node that is started anew counts anew
  let count = 0;
  node.on("generate", () => ({ id: `${node.id}-${life}-${++count}` }));
  await node.run();
}
