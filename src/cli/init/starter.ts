interface Starter {
  /** A module by its name, for a folder may say nothing of its kind. */
  readonly file: string;
  /** What must be installed, and what runs the file. */
  readonly packages: string;
  readonly command: string;
}

/** The languages of a starter node. */
export const starters: Readonly<Record<"js" | "ts", Starter>> = {
  js: { file: "node.mjs", packages: "quorate", command: "node" },
  ts: { file: "node.mts", packages: "quorate tsx @types/node", command: "node --import tsx" },
};

/** A node to begin with: it passes the first challenge, and shows the way to the next ones. */
export const starterText = `import { MaelstromNode } from "quorate/maelstrom";

// Messages come and go on stdin and stdout, so whatever else there is to say goes to stderr: node.log("…").
const node = new MaelstromNode();

// The fields that a handler returns are the answer, here of type echo_ok. What it throws is answered as an error.
node.on("echo", ({ echo }) => ({ echo }));

// From here: node.on("broadcast", …), node.peers, await node.rpc("n2", { type: "gossip" }), node.kv("seq-kv"), …
await node.run();
`;
