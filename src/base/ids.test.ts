import { expect, test } from "vitest";
import { isNodeId, nodeIdBytesMax } from "./ids.ts";

test.each(["a", "n1", "7", "rack-2.node_3", "A".repeat(nodeIdBytesMax)])("%s is a node id", (text) => {
  expect(isNodeId(text)).toBe(true);
});

test.each(["", "-a", ".a", "_a", "a b", "a/b", "ä", "a\n", "a:1", "A".repeat(nodeIdBytesMax + 1)])(
  "%j is none",
  (text) => {
    expect(isNodeId(text)).toBe(false);
  },
);
