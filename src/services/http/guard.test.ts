import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

test.each(["localhost", "LOCALHOST:1", "127.0.0.1:99", "127.9.9.9", "[::1]:80", "db.localhost", "node1.internal"])(
  "a request to Host %s is taken",
  async (host) => {
    await using served = await serve({ names: ["Node1.internal"] });

    const { status } = await served.send("POST /sCreate", { headers: { host }, body: "1" });

    expect(status).toBe(200);
  },
);

test.each(["example.org", "localhost.example.org", "127.0.0.1.example.org", "192.168.0.1", "127.0.0.1@x", "[::2]"])(
  "a request to Host [%s] is refused: a page could have had that name resolved to us",
  async (host) => {
    await using served = await serve();

    const { status } = await served.send("POST /sCreate", { headers: { host }, body: "1" });

    expect([400, 403]).toContain(status);
    expect(served.node.applied).toBe(0);
  },
);

test("a node that listens everywhere is reached by any address, and by no name it was not told", async () => {
  await using served = await serve({ host: "0.0.0.0", insecure: true });
  const statusOf = async (host: string) => (await served.send("GET /livez", { headers: { host } })).status;

  const statuses = [await statusOf("192.168.0.1:1"), await statusOf("[fe80::1]"), await statusOf("example.org")];

  expect(statuses).toEqual([200, 200, 403]);
});

test.each([
  [{ "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "same-site" }, 403], // another port of this host is another origin
  [{ "sec-fetch-site": "same-origin" }, 200],
  [{ "sec-fetch-site": "none" }, 200],
  [{ origin: "http://example.org" }, 403],
  [{ origin: "http://localhost:2" }, 403],
  [{ origin: "null" }, 403],
  [{ origin: "http://localhost:1" }, 200],
  [{}, 200],
])("a plain-text post with %o is answered %i", async (headers, status) => {
  await using served = await serve();

  const answer = await served.send("POST /sCreate", {
    headers: { host: "localhost:1", "content-type": "text/plain", ...headers },
    body: "1",
  });

  expect(answer.status).toBe(status);
  expect(served.node.applied).toBe(status === 200 ? 1 : 0);
});

test.each(["0.0.0.0", "::", "192.168.0.1", "example.org"])(
  "listening on %s needs to be called insecure",
  async (host) => {
    await expect(serve({ host })).rejects.toMatchObject({ code: "QUORATE_OPTION", option: "host" });
  },
);
