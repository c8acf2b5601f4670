import { MaelstromNode } from "../node.ts";

/** Sends back what it is sent. */
export async function serveEcho(): Promise<void> {
  const node = new MaelstromNode({ workload: "echo" });
  node.on("echo", ({ echo }) => ({ echo }));
  await node.run();
}
