import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RecordingOwner } from "../../../../test/conformance/transport.ts";
import { Authority } from "../../../../test/support/certificates.ts";
import { hello } from "../../../../test/support/tcp-bench.ts";
import { toUtf8 } from "../../../base/text.ts";
import { makeAuthority, makeCertificate } from "../../../cli/certificates/certificate.ts";
import type { MemberTls } from "../../tls/credentials.ts";
import { encodeGreeting, GreetingReader } from "../links/handshake.ts";
import type { LinkedTransport, LinkOptions } from "../links/linked-transport.ts";
import { realTimers, type Timers } from "../timers.ts";
import { tcpTransport } from "./tcp.ts";

/** A member, and what it told its operator. */
interface Member {
  readonly id: string;
  readonly transport: LinkedTransport;
  readonly owner: RecordingOwner;
  readonly warnings: string[];
}

/** Time that passes a hundred times as fast, for what happens every few seconds. */
const fast: Timers = {
  now: () => realTimers.now() * 100,
  after: (ms, callback) => realTimers.after(ms / 100, callback),
};

let authority: Authority;
let members: Member[];

beforeEach(() => {
  authority = new Authority();
  members = [];
});

afterEach(async () => {
  await Promise.all(members.map(({ transport }) => transport.close()));
  authority[Symbol.dispose]();
});

async function start(
  id: string,
  tls: MemberTls | undefined,
  options: Partial<LinkOptions> & { readonly clusterId?: string } = {},
): Promise<Member> {
  const warnings: string[] = [];
  const listen = { host: "127.0.0.1", port: 0 };
  const notice = (level: string, text: string): void => void (level === "warn" && warnings.push(text));
  const transport = tcpTransport({ listen, notice, random: () => 0, ...options, tls });
  const owner = new RecordingOwner(id, options.clusterId ?? "c");
  await transport.start(owner);
  const member = { id, transport, owner, warnings };
  members.push(member);
  return member;
}

function know(from: Member, to: Member): void {
  from.transport.setMembers([{ id: to.id, address: `127.0.0.1:${to.transport.port}` }]);
}

/** Both dial each other for so long that each has failed several times. */
async function dialInVain(a: Member, b: Member): Promise<void> {
  know(a, b);
  know(b, a);
  await new Promise((resolve) => setTimeout(resolve, 250)); // tries come after 10, 20, 40 and 80 ms
  expect([...a.owner.links, ...b.owner.links]).toEqual([]);
}

describe("members with certificates", () => {
  test("link up, and are who their certificates say", async () => {
    const [a, b] = [await start("a", authority.issue("a")), await start("b", authority.issue("b"))];
    know(a, b);
    know(b, a);

    await Promise.all([a.owner.untilLast("b up"), b.owner.untilLast("a up")]);
    a.transport.send("b", toUtf8("x"));
    await b.owner.until(({ frames }) => frames.length === 1);

    expect([...a.warnings, ...b.warnings]).toEqual([]);
  });

  test("may be named by the common name, where there are no other names", async () => {
    const [a, b] = [await start("a", authority.issue("a", [])), await start("b", authority.issue("b", []))];
    know(a, b);
    know(b, a);

    await Promise.all([a.owner.untilLast("b up"), b.owner.untilLast("a up")]);

    expect([...a.warnings, ...b.warnings]).toEqual([]);
  });

  test.each([
    ["another member's", () => authority.issue("b", ["x"]), "it shows a certificate of DNS:x", "b shows one of DNS:x"],
    ["one that names it only as a common name beside others", () => authority.issue("b", ["x"]), "DNS:x", "DNS:x"],
    ["one of its name in other letters", () => authority.issue("b", ["B"]), "DNS:B", "b shows one of DNS:B"],
    ["a wildcard", () => authority.issue("b", ["*"]), "DNS:*", "b shows one of DNS:*"],
    [
      "an expired one",
      () => authority.issue("b", ["b"], -20, -10),
      "its certificate has expired",
      "the certificate of b has expired",
    ],
    ["one of the future", () => authority.issue("b", ["b"], 5, 9), "not valid yet", "of b is not valid yet"],
    ["one of another authority", foreign, "an authority that is not trusted", "an authority that is not trusted"],
    ["one of an authority", authoritys, "for another purpose", "for another purpose"],
  ])(
    "with %s are refused by whom they dial and by who dials them, with a line each",
    async (_, issue, met, dialled) => {
      const [a, b] = [await start("a", authority.issue("a")), await start("b", issue())];

      await dialInVain(a, b);

      expect(a.warnings.filter((line) => line.startsWith("b cannot be reached"))).toHaveLength(1);
      expect(a.warnings.filter((line) => line.startsWith("refused b"))).toHaveLength(1);
      expect(a.warnings).toContainEqual(expect.stringContaining(met));
      expect(a.warnings).toContainEqual(expect.stringContaining(dialled));
      expect(b.warnings.length).toBeLessThanOrEqual(4); // those of its own that it may have, once each
    },
  );

  test("of another cluster are refused, though one authority signed for both", async () => {
    const a = await start("a", authority.issue("a"));
    const b = await start("b", authority.issue("b"), { clusterId: "d" });

    await dialInVain(a, b);

    expect(a.warnings).toHaveLength(2);
    expect(a.warnings).toContainEqual(expect.stringContaining("b belongs to cluster d"));
    expect(b.warnings).toContainEqual(expect.stringContaining("it refused us (cluster): a belongs to cluster c"));
  });

  test("and members without any know of each other what is wrong, in a line each way", async () => {
    const [a, b] = [await start("a", authority.issue("a")), await start("b", undefined)];

    await dialInVain(a, b);

    expect(a.warnings.toSorted()).toEqual([
      expect.stringMatching(/^b cannot be reached at \S+: it speaks no TLS$/),
      expect.stringMatching(/^refused b at \S+ \(tls\): a encrypts its links, b does not: all members must, or none$/),
    ]);
    expect(b.warnings.toSorted()).toEqual([
      expect.stringMatching(/^a cannot be reached at .* it refused us \(tls\): a encrypts its links, b does not/),
      expect.stringMatching(/^closed a connection from \S+: .*TLS, where this end speaks none$/),
    ]);
  });
});

describe("a stranger at an encrypted port", () => {
  test.each([
    ["without a certificate is refused", undefined, "b shows none"],
    ["with a certificate of nobody here is refused", "x", "b shows one of DNS:x"],
  ])("%s, and not told which cluster this is", async (_, name, problem) => {
    const a = await start("a", authority.issue("a"));
    const own = name === undefined ? {} : pemOf(authority.issue(name));
    const socket = connectSecurely({ port: a.transport.port, host: "127.0.0.1", rejectUnauthorized: false, ...own });
    socket.write(encodeGreeting({ ...hello, clusterId: "guessed" }));

    const [chunk] = (await once(socket, "data")) as [Buffer];
    const greeting = new GreetingReader().read(chunk)?.greeting;
    socket.destroy();

    expect(greeting).toMatchObject({ kind: "refusal", mismatch: "certificate", clusterId: "guessed", text: problem });
    expect(a.warnings).toHaveLength(1);
  });

  test("that breaks off the handshake, or never begins it, does no harm", async () => {
    const a = await start("a", authority.issue("a"), { handshakeMs: 60 });
    const dial = () => connect(a.transport.port, "127.0.0.1").on("error", () => {});
    const silent = Array.from({ length: 70 }, dial);
    const garbled = Array.from({ length: 5 }, () => dial().end(Buffer.from("16030100050102030405", "hex")));

    await Promise.all([...silent, ...garbled].map((socket) => once(socket.resume(), "close")));
    const b = await start("b", authority.issue("b"));
    know(b, a);
    await b.owner.untilLast("a up");

    expect(a.warnings.length).toBeLessThanOrEqual(4); // one for each way to fail
    expect(a.warnings).toContain("closed a connection from 127.0.0.1: no handshake within 60 ms");
  });
});

describe("certificate files", () => {
  test("that change are used for what links come next; those that are there stay", async () => {
    const timers = { timers: fast, handshakeMs: 500_000, beatMs: 100_000 };
    const tls = { a: authority.issue("a"), b: authority.issue("b") };
    const news: string[] = [];
    const a = await start("a", tls.a, { ...timers, notice: (_, text) => void news.push(text) });
    const b = await start("b", tls.b, timers);
    know(b, a);
    await b.owner.untilLast("a up");

    const before = authority.issue("c");
    authority.renew();
    authority.issue("a");
    await new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (!news.some((text) => text.startsWith("new certificate in use"))) return;
        clearInterval(poll);
        resolve();
      }, 10);
    });
    const late = await start("c", { ...before, ...authority.issue("c") });
    know(late, a);
    await late.owner.untilLast("a up");
    b.transport.send("a", toUtf8("still here"));
    await a.owner.until(({ frames }) => frames.length === 1);

    expect(b.owner.links).toEqual(["a up"]);
    expect(a.owner.texts).toEqual(["b still here"]);
  });

  test("that cannot be used leave the former ones in place, with one line", async () => {
    const a = await start("a", authority.issue("a"), { timers: fast, handshakeMs: 500_000 });
    const files = authority.issue("a");
    writeFileSync(files.cert, "no certificate");
    await new Promise((resolve) => setTimeout(resolve, 400)); // eight looks
    const b = await start("b", authority.issue("b"));
    know(b, a);
    await b.owner.untilLast("a up");

    expect(a.warnings).toEqual([expect.stringContaining("cert holds no certificate in PEM form")]);
  });

  test("of a certificate that ends within days are worth a line", async () => {
    const a = await start("a", authority.issue("a", ["a"], -1, 3), { timers: fast, handshakeMs: 500_000 });

    await new Promise((resolve) => setTimeout(resolve, 200));

    expect(a.warnings).toEqual([expect.stringContaining("expires soon")]);
  });

  test.each([
    ["is missing", () => ({ ...authority.issue("a"), cert: `${authority.directory}/none.pem` }), "none.pem"],
    ["is no certificate", () => ({ ...authority.issue("a"), ca: authority.issue("x").key }), "ca holds no certificate"],
    ["does not fit the key", () => ({ ...authority.issue("a"), key: authority.issue("x").key }), "do not fit"],
  ])("of which one %s are refused at the start", (_, files, problem) => {
    const listen = { host: "127.0.0.1", port: 0 };

    expect(() => tcpTransport({ listen, notice: () => {}, tls: files() })).toThrow(problem);
  });
});

test("a member that hangs up on a TLS handshake is reported as that", async () => {
  const server = createServer((socket) => socket.once("data", () => socket.destroy())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const a = await start("a", authority.issue("a"));

  a.transport.setMembers([{ id: "b", address: `127.0.0.1:${(server.address() as AddressInfo).port}` }]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.close();

  expect(a.warnings).toEqual([expect.stringMatching(/^b cannot be reached at .*: it broke off the TLS handshake$/)]);
});

function pemOf({ cert, key }: MemberTls): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

function foreign(): MemberTls {
  const claims = { subject: "other", from: new Date(Date.now() - 1000), until: new Date(Date.now() + 1e9) };
  return authority.write("b", makeCertificate({ ...claims, subject: "b", names: ["b"] }, makeAuthority(claims)));
}

function authoritys(): MemberTls {
  const claims = { subject: "b", from: new Date(Date.now() - 1000), until: new Date(Date.now() + 1e9) };
  return authority.write("b", makeAuthority(claims));
}
