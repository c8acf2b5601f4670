import { expect, test } from "vitest";
import type { Body } from "../../network/message.ts";
import { RefusedError } from "../../run/rpc-errors.ts";
import { kafka } from "./kafka.ts";

test("what a client read when its commit was refused it reads again", async () => {
  const client = kafka.newClient();
  const asked: unknown[] = [];
  let isRefusing = true;
  const ask = async (body: Body): Promise<Body> => {
    if (body.type === "poll") {
      asked.push(body.offsets);
      return { type: "poll_ok", msgs: { k: [[4, "a"]] } };
    }
    if (body.type === "commit_offsets" && isRefusing) throw new RefusedError(30, "conflict");
    return { type: `${body.type}_ok`, offsets: { k: 4 } };
  };
  const poll = () => client.invoke({ f: "poll", value: [["poll"]] }, ask);
  await client.invoke({ f: "assign", value: ["k"] }, ask);

  await expect(poll()).rejects.toThrow("conflict");
  isRefusing = false;
  const polled = await poll();
  await poll();

  expect(polled).toEqual([["poll", { k: [[4, "a"]] }]]);
  expect(asked).toEqual([{ k: 4 }, { k: 4 }, { k: 5 }]);
});

test("a client reads as much as a node has to tell", async () => {
  const client = kafka.newClient();
  const pairs = Array.from({ length: 200_000 }, (_, offset) => [offset, 0]);
  const asked: Body[] = [];
  const ask = async (body: Body): Promise<Body> => {
    asked.push(body);
    return body.type === "poll" ? { type: "poll_ok", msgs: { k: pairs } } : { type: `${body.type}_ok` };
  };

  await client.invoke({ f: "poll", value: [["poll"]] }, ask);

  expect(asked[1]).toEqual({ type: "commit_offsets", offsets: { k: 199_999 } });
});
