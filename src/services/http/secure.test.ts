import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority } from "../../../test/support/certificates.ts";
import { serve } from "../../../test/support/served.ts";
import type { TlsFiles } from "../../runtime/tls/credentials.ts";

let authority: Authority;

beforeEach(() => {
  authority = new Authority();
});

afterEach(() => authority[Symbol.dispose]());

/** Status and body of `GET /livez`, or what went wrong. */
function ask(port: number, own?: TlsFiles): Promise<string> {
  const show = own === undefined ? {} : { cert: readFileSync(own.cert), key: readFileSync(own.key) };
  const options = { host: "127.0.0.1", port, path: "/livez", ca: readFileSync(authority.ca), agent: false as const };
  return new Promise((resolve) => {
    const outgoing = request({ ...options, ...show }, (incoming) => {
      incoming.resume().once("end", () => resolve(String(incoming.statusCode)));
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end();
  });
}

describe("an HTTP port with a certificate", () => {
  test("answers over HTTPS alone, whoever asks", async () => {
    const { cert, key } = authority.issue("n1", ["127.0.0.1"]);
    await using served = await serve({ tls: { cert, key } });

    const answer = await ask(served.server.port);
    const plain = connect(served.server.port, "127.0.0.1").on("error", () => {});
    plain.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    const chunks: Buffer[] = [];
    plain.on("data", (chunk) => chunks.push(chunk));
    await once(plain, "close");

    expect(served.server.url).toMatch(/^https:/);
    expect(answer).toBe("200");
    expect(Buffer.concat(chunks).toString("latin1")).not.toContain("HTTP/1.1 200");
  });

  test("and authorities for clients answers who shows a certificate of theirs, wherever it listens", async () => {
    const tls = authority.issue("n1", ["127.0.0.1"]);
    await using served = await serve({ host: "0.0.0.0", tls });
    using other = new Authority();

    const answers = [
      await ask(served.server.port, authority.issue("client", [])),
      await ask(served.server.port),
      await ask(served.server.port, other.issue("client", [])),
      await ask(served.server.port, authority.issue("client", [], -20, -10)),
    ];

    expect(answers[0]).toBe("200");
    expect(answers.slice(1).every((answer) => answer !== "200")).toBe(true);
  });

  test("is refused at other addresses than loopback when clients show nothing, or files are of no use", async () => {
    const { cert, key } = authority.issue("n1", ["127.0.0.1"]);

    await expect(serve({ host: "0.0.0.0", tls: { cert, key } })).rejects.toMatchObject({ option: "host" });
    await expect(serve({ tls: { cert, key: cert } })).rejects.toMatchObject({ option: "tls" });
  });
});
