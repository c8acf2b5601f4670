// A node for Maelstrom's broadcast workload that loses nothing: what it hears it passes on until it is acknowledged.
// Build it, or have it run by tsx: a harness starts `node --import tsx examples/maelstrom-broadcast.ts` for each node.
import { MaelstromNode } from "quorate/maelstrom";

const node = new MaelstromNode({ workload: "broadcast" });
const heard = new Set<unknown>();

/** Tells all neighbours but the one who told us; each is asked again, ever more slowly, until it has answered. */
function hear(message: unknown, from: string): void {
  if (heard.has(message)) return;
  heard.add(message);
  for (const neighbour of node.neighbours) {
    if (neighbour === from) continue;
    node
      .rpc(neighbour, { type: "pass_on", message }, { timeoutMs: 500, tries: Number.POSITIVE_INFINITY })
      .catch((error: Error) => node.log(error.message)); // the node ends
  }
}

// The answer's type is the request's with `_ok`; these are the fields besides it.
node.on("broadcast", ({ message }, { from }) => {
  hear(message, from);
  return {};
});

// A word of our own, between nodes. It is acknowledged also when it is known: the first acknowledgement may be lost.
node.on("pass_on", ({ message }: { message: unknown }, { from }) => {
  hear(message, from);
  return {};
});

node.on("read", () => ({ messages: [...heard] }));

await node.run(); // until stdin ends
