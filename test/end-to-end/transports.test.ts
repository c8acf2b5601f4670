import { describe, expect, test } from "vitest";
import { runQuorate } from "../support/processes.ts";
import { eventually, ServedCluster } from "../support/served-cluster.ts";

describe.each(["grpc", "udp"])("a cluster linked by %s", (transport) => {
  test("serves, survives the death of its leader, and brings it up to date again", async () => {
    await using cluster = await ServedCluster.start(3, ["--transport", transport]);
    const at = ["--endpoints", cluster.urls.join(","), "--timeout", "15s"];
    const first = await runQuorate(["kv", "put", "a", "1", ...at]);

    const leader = await cluster.leader();
    await leader.kill();
    const second = await runQuorate(["kv", "put", "b", "2", ...at]);
    leader.start();
    await cluster.settled();
    const read = await runQuorate(["kv", "get", "b", "--endpoints", leader.url]);

    expect([first.code, second.code, read.stdout]).toEqual([0, 0, "2\n"]);
  });

  test("grows by a member, which learns all from a snapshot", async () => {
    const own = ["--transport", transport, "--cluster-id", "grown", "--snapshot-every-bytes", "4096"];
    await using cluster = await ServedCluster.start(1, own);
    for (let count = 0; count < 20; count++) {
      const { code } = await runQuorate([
        "kv",
        "put",
        `k${count}`,
        "x".repeat(1000),
        "--endpoints",
        cluster.urls.join(","),
      ]);
      expect(code).toBe(0);
    }

    const node = await cluster.join("n2");
    await cluster.member("add", "n2", `127.0.0.1:${node.peerPort}`);
    await cluster.settled();

    expect((await node.status())?.members.map(({ id }) => id)).toEqual(["n1", "n2"]);
  });
});

test("a member with another transport is refused, and both logs say why", async () => {
  await using cluster = await ServedCluster.start(3, []);
  const [, , other] = cluster.nodes;
  await other?.stop();
  other?.start("--transport", "grpc");

  const [ours, theirs] = await eventually("both have said it", async () => {
    const tcp = cluster.nodes[0]?.said.match(
      /this member runs with transport tcp|transport grpc, and this one with tcp/,
    );
    const grpc = other?.said.match(/it speaks no HTTP\/2: perhaps it runs with another transport/);
    return tcp && grpc ? ([tcp[0], grpc[0]] as const) : undefined;
  });

  expect([ours, theirs].every((text) => text.includes("transport"))).toBe(true);
});
