import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

test("/status names the leader by its id, and null while none is known", async () => {
  await using served = await serve();

  const led = (await served.send("GET /status")).json();
  served.node.mood = "leaderless";
  const unled = (await served.send("GET /status")).json();

  expect(led).toMatchObject({ id: "n1", role: "leader", term: 1, leader: "n1", commit: 0, applied: 0 });
  expect(unled).toMatchObject({ role: "candidate", leader: null });
});

test("without a leader a node is live, but neither healthy nor ready, and says why", async () => {
  await using served = await serve();
  const states = async () => {
    const answers = await Promise.all(["livez", "health", "readyz"].map((name) => served.send(`GET /${name}`)));
    return answers.map(({ status }) => status);
  };

  const before = await states();
  served.node.mood = "leaderless";
  const during = await states();
  const health = await served.send("GET /health");
  served.node.mood = "serving";
  const after = await states();

  expect([before, during, after]).toEqual([
    [200, 200, 200],
    [200, 503, 503],
    [200, 200, 200],
  ]);
  expect(health.json()).toEqual({ id: "n1", healthy: false, reason: "no majority" });
});

test("a node that says it does not serve is not healthy, whoever leads", async () => {
  await using served = await serve();

  served.node.isDiskFull = true;
  const health = await served.send("GET /health");

  expect(health.status).toBe(503);
  expect(health.json()).toMatchObject({ reason: "the disk is full" });
});

test("/metrics counts requests under the pattern of their route, whatever the path", async () => {
  await using served = await serve();
  for (const key of ["a", "b"]) await served.send(`GET /v1/kv/${key}`);
  await served.send("GET /nowhere/1");

  const { status, text, headers } = await served.send("GET /metrics");

  const counts = text.split("\n").filter((line) => line.startsWith("quorate_http_request_duration_seconds_count"));
  expect(status).toBe(200);
  expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(counts).toEqual([
    'quorate_http_request_duration_seconds_count{method="GET",route="/v1/kv/:key{.+}",status="404"} 2',
    'quorate_http_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
  ]);
});

test("/metrics shows the node, its peers and the process", async () => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");

  const { text } = await served.send("GET /metrics");

  const lines = text.split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'quorate_role{role="leader"} 1',
      "quorate_log_commit_index 1",
      'quorate_link_up{peer="n2"} 1',
      'quorate_peer_match_index{peer="n2"} 1',
      "quorate_disk_syncs_total 1",
    ]),
  );
  expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
});
