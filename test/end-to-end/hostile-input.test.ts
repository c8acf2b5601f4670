import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toUtf8 } from "../../src/base/text.ts";
import { encodeMessage } from "../../src/protocols/raft/index.ts";
import { encodeGreeting } from "../../src/runtime/transports/links/handshake.ts";
import { residentMebibytes } from "../support/resident.ts";
import { send } from "../support/served.ts";
import { ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, post } from "../support/stack-client.ts";
import { messageFrame } from "../support/tcp-bench.ts";

const mebibyte = 2 ** 20;
/** What a process may grow by between two rounds of the same: far less than each round sends. */
const growthMebibytesMax = 80;

test("requests made to break a node are refused with a reason, and leave nothing behind", async () => {
  await using cluster = await ServedCluster.start(1);
  const [node] = cluster.nodes as [ServedNode];
  await createStack(node.url, "1");

  await attackHttp(node);
  const before = residentMebibytes(node.pid).now;
  for (let round = 0; round < 3; round++) await attackHttp(node);
  const after = residentMebibytes(node.pid).now;

  console.log(`resident before ${before} MiB, after three more rounds of hostile requests ${after} MiB`);
  expect(after - before).toBeLessThan(growthMebibytesMax);
  expect(await post(node.url, "/sPush", "1,still here")).toEqual({ status: 200, text: "still here" });
  expect(node.said).not.toMatch(/"level":[56]0/);
});

test("bytes made to break a member's port are hung up on with a word, and leave nothing behind", async () => {
  await using cluster = await ServedCluster.start(3);
  const leader = await cluster.leader();
  const [node] = cluster.others(leader) as [ServedNode];
  await createStack(leader.url, "1");
  const clusterId = (await node.status())?.clusterId as string;

  await attackMember(node, clusterId, leader.id);
  const before = residentMebibytes(node.pid).now;
  for (let round = 0; round < 3; round++) await attackMember(node, clusterId, leader.id);
  const after = residentMebibytes(node.pid).now;

  console.log(`resident before ${before} MiB, after three more rounds of hostile frames ${after} MiB`);
  expect(after - before).toBeLessThan(growthMebibytesMax);
  expect(node.said).toMatch(/closed a connection from .*not Quorate's protocol/);
  expect(node.said).toContain("dropped a malformed message");
  expect(node.said.split("\n").length).toBeLessThan(1000);
  expect(await post(node.url, "/sPush", "1,still here")).toEqual({ status: 200, text: "still here" });
  await cluster.settled();
});

const call = fc.constantFrom(
  ...["POST /sCreate", "POST /sPush", "POST /sPop", "POST /v1/stacks", "POST /v1/stacks/1/push", "POST /request"],
  ...["PUT /", "PUT /v1/kv/a", "GET /log?index=-1", "DELETE /v1/kv/%ff", "GET /v1/stacks?limit=1e9", "GET /?key=%"],
);
const body = fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 5000 }));
const key = fc.option(fc.string({ maxLength: 300 }).map((text) => text.trim()));

async function attackHttp(node: ServedNode): Promise<void> {
  const port = Number(new URL(node.url).port);
  const property = fc.asyncProperty(call, body, key, async (target, content, name) => {
    const headers = name === null ? {} : { "idempotency-key": name };
    const { status, text } = await send(port, target, { body: content, headers });
    expect(status).toBeLessThan(500);
    if (status >= 400) expect(text).toContain("QUORATE_");
  });
  await fc.assert(property, { numRuns: 200 });
  const tooLarge = Buffer.alloc(2 * mebibyte, "x");
  for (let count = 0; count < 40; count++) {
    await hurl(
      port,
      `POST /sPush HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
      chunked(tooLarge),
    );
    await hurl(
      port,
      `PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n`,
      tooLarge.subarray(0, 900_000),
    );
  }
}

async function attackMember(node: ServedNode, clusterId: string, member: string): Promise<void> {
  const greet = (from: string) =>
    encodeGreeting({ kind: "hello", versions: { min: 1, max: 1 }, session: 1, clusterId, from, to: node.id });
  const vote = encodeMessage({ kind: "vote", term: 1000, last: { index: 1000, term: 1000 } });
  const noise = fc.sample(fc.uint8Array({ maxLength: 2000 }), 100);
  for (const bytes of noise) await hurl(node.peerPort, bytes);
  for (const bytes of noise.slice(0, 20)) await hurl(node.peerPort, greet("n9"), bytes);
  for (let length = 0; length < vote.length; length++) {
    await hurl(node.peerPort, greet(member), messageFrame(vote.subarray(0, length))); // cut short
  }
  await hurl(node.peerPort, greet(member), messageFrame(toUtf8("\u{ff}".repeat(1000))));
  await hurl(node.peerPort, greet(member), Buffer.of(0xff, 0xff, 0xff, 0xff, 0)); // a frame of 4 GiB
  const begun = Buffer.concat([Buffer.of(0, 0xff, 0xff, 0xff, 0), Buffer.alloc(4 * mebibyte)]); // one of 16 MiB, begun
  for (let count = 0; count < 10; count++) await hurl(node.peerPort, greet(`n${count}`), begun);
}

/** Sends all that it can, then hangs up, unless the other end did before. */
async function hurl(port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined); // a reset is an answer
  for (const piece of pieces) socket.write(piece);
  socket.resume().end();
  await new Promise((resolve) => socket.once("close", resolve));
}

function chunked(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n0\r\n\r\n")]);
}
