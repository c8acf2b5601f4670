import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

test("members are listed, added as learners, promoted, moved and removed", async () => {
  await using served = await serve();

  const listed = await served.send("GET /members");
  const added = await served.send("POST /members", '{"id":"n3","address":"10.0.0.3:12379"}');
  const promoted = await served.send("POST /members/n3/promote");
  const again = await served.send("POST /members", '{"id":"n2","address":"10.0.0.2:1"}');
  const moved = await served.send("PUT /members/n2", '{"address":"10.0.0.2:1"}');
  const removed = await served.send("DELETE /members/n2");

  expect(listed.json()).toEqual({
    leader: "n1",
    members: [
      { id: "n1", address: "127.0.0.1:12379", role: "voter" },
      { id: "n2", address: "127.0.0.1:22379", role: "voter" },
    ],
  });
  expect(added.text).toContain('{"id":"n3","address":"10.0.0.3:12379","role":"learner"}');
  expect(promoted.text).toContain('{"id":"n3","address":"10.0.0.3:12379","role":"voter"}');
  expect([again.status, again.text]).toEqual([409, expect.stringContaining("to move it, update it")]);
  expect(moved.text).toContain('{"id":"n2","address":"10.0.0.2:1","role":"voter"}');
  expect(removed.text).not.toContain('"n2"');
});

test("who does not lead says who does, and that nothing was changed", async () => {
  await using served = await serve();
  served.node.mood = "following";

  const answers = [await served.send("DELETE /members/n2"), await served.send("POST /leader", "{}")];

  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({
      error: {
        code: "QUORATE_NOT_LEADER",
        retry: "elsewhere",
        outcome: "not-applied",
        message: expect.stringContaining("n2"),
      },
    });
  }
});

test.each([
  ["POST /members", '{"id":"-","address":"10.0.0.3:1"}', "id: must be"],
  ["POST /members", '{"id":"n3","address":"10.0.0.3"}', "address: must be host:port"],
  ["POST /members", '{"id":"n3"}', "address: is missing"],
  ["PUT /members/n2", "{}", "address: is missing"],
  ["POST /leader", '{"to":"n2"}', "to: is not known here"],
])("%s %s is refused as malformed", async (call, body, problem) => {
  await using served = await serve();

  const answer = await served.send(call, body);

  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(problem)]);
});
