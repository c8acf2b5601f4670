import { expect, test } from "vitest";
import { data, frame, LoneMember, says } from "../support/total-order-member.ts";

// Each of these was found by the swarm, or by reading beside it.

test("a member whose owner is slow multicasts no more than a window ahead of what it delivers itself", () => {
  const options = { unconsumedMax: 1, frameBytesMax: 10, windowFrames: 3 };
  const member = new LoneMember({ members: ["a", "b"], options });
  for (let each = 1; each <= 12; each++) {
    member.multicast("0123456789");
    const sent = member.state.peers[1]?.received ?? 0;
    member.hear("a", says(sent, 0, [0, sent])); // all that it sends is everywhere at once
  }

  expect(member.delivered).toHaveLength(1);
  expect(member.state.peers[1]?.received).toBe(4);
});

test("frames that wait for the owner are no more than a window of bytes, and what follows counts as lost", () => {
  const options = { unconsumedMax: 1, windowBytes: 100, frameBytesMax: 50, payloadBytesMax: 50, membersMax: 2 };
  const member = new LoneMember({ members: ["a", "b"], options });
  for (let number = 1; number <= 12; number++) {
    member.hear("a", data([number, 0], frame(number, number, "0123456789012345678901234567890123456789")));
  }

  expect(member.state.peers[0]?.received).toBe(4); // one was delivered and forgotten; three wait
});

test("frames before their time are no more than two windows of ours in bytes, whatever the sender's window is", () => {
  const options = { windowBytes: 100, frameBytesMax: 50, payloadBytesMax: 50, membersMax: 2 };
  const member = new LoneMember({ members: ["a", "b"], options });
  const text = "0123456789012345678901234567890123456789";
  for (let number = 2; number <= 12; number++) member.hear("a", data([number, 0], frame(number, number, text)));
  expect([...(member.state.peers[0]?.frames.keys() ?? [])]).toEqual([2, 3, 4, 5]);

  member.hear("a", data([12, 0], frame(1, 1, text)));

  expect(member.state.peers[0]?.received).toBe(5); // there is room for what is next
});

test("a newcomer that has the whole state in the step in which the next view begins is not given it again", () => {
  const member = new LoneMember({ members: ["a", "b*"] });
  member.hear("a", { kind: "prepare", ballot: { round: 1, node: "a" }, received: [0, 0] });
  member.hear("a", { kind: "state", position: 0, offset: 0, bytes: new Uint8Array(3), last: true });
  const members = ["a", "b"].map((node) => ({ node, incarnation: 1, restored: node === "a" }));
  member.install({ members, cut: [0, 0] });
  const words = member.hear("a", { kind: "state", position: 0, offset: 0, bytes: new Uint8Array(3), last: true });

  expect(words.join()).not.toContain("has state");
  expect(member.state.restored).toBe(true);
});
