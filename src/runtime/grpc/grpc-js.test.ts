import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { Authority } from "../../../test/support/certificates.ts";
import { echoDefinition as definition, echo } from "../../../test/support/echo-service.ts";
import { Credentials, type MemberTls } from "../tls/credentials.ts";
import { GrpcClient } from "./client.ts";
import { GrpcServer, type GrpcServerOptions } from "./server.ts";
import type { Call } from "./server-call.ts";
import { GrpcError, grpcStatus } from "./status.ts";

const EchoClient = grpc.makeGenericClientConstructor(definition, "Echo");
type EchoClient = InstanceType<typeof EchoClient>;

interface Answer {
  readonly error: grpc.ServiceError | null;
  readonly value: string | undefined;
}

let cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

/** What handlers saw of the calls that came. */
let seen: Call[] = [];

function makeServer(options: Partial<GrpcServerOptions> = {}): GrpcServer {
  seen = [];
  return new GrpcServer({ host: "127.0.0.1", port: 0, ...options })
    .on(echo.once, async (text, call) => {
      seen.push(call);
      if (text === "wait") await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      if (text === "fail")
        throw new GrpcError(grpcStatus.failedPrecondition, "no: 100 % nö\n", { "why-bin": Uint8Array.of(0, 255) });
      if (text === "crash") throw new Error("a secret");
      call.sendMetadata({ "said-head": "h", "head-bin": [Uint8Array.of(1), Uint8Array.of(2, 3)] });
      call.setTrailers({ "said-trailer": ["x", "y"] });
      return `${text}!`;
    })
    .on(echo.joined, async (texts, call) => {
      seen.push(call);
      let all = "";
      for await (const text of texts) {
        if (text === "enough") return `${all}.`;
        all += text;
      }
      return all;
    })
    .on(echo.spelled, async function* (text, call) {
      seen.push(call);
      for (const letter of text) yield letter;
      if (text === "bad") throw new GrpcError(grpcStatus.aborted, "bad word");
    })
    .on(echo.each, async function* (texts, call) {
      seen.push(call);
      for await (const text of texts) yield text.toUpperCase();
    });
}

async function serve(options: Partial<GrpcServerOptions> = {}): Promise<{ server: GrpcServer; client: EchoClient }> {
  const server = makeServer(options);
  await server.listen();
  cleanups.push(() => server.close(0));
  return { server, client: connectTo(server) };
}

function connectTo(
  server: GrpcServer,
  credentials = grpc.credentials.createInsecure(),
  options: grpc.ClientOptions = {},
): EchoClient {
  const client = new EchoClient(`127.0.0.1:${server.port}`, credentials, options);
  cleanups.push(() => client.close());
  return client;
}

function once(
  client: EchoClient,
  text: string,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    client.Once?.(text, metadata, options, (error: grpc.ServiceError | null, value?: string) =>
      resolve({ error, value }),
    );
  });
}

/** All that a stream gives, and how it ends. */
function drain(call: grpc.ClientReadableStream<string>): Promise<{ texts: string[]; status: grpc.StatusObject }> {
  const texts: string[] = [];
  call.on("data", (text: string) => texts.push(text));
  call.on("error", () => {});
  return new Promise((resolve) => call.on("status", (status) => resolve({ texts, status })));
}

describe("a client of grpc-js at our server", () => {
  test("gets the response of a unary call, with metadata ahead and behind", async () => {
    const { client } = await serve();
    const metadata = new grpc.Metadata();
    metadata.set("asked", "a b");
    metadata.set("asked-bin", Buffer.from([9, 8, 7]));

    const call = client.Once?.("hello", metadata, () => {}) as grpc.ClientUnaryCall;
    const head = new Promise<grpc.Metadata>((resolve) => call.on("metadata", resolve));
    const status = await new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));

    expect(seen[0]?.metadata).toMatchObject({ asked: "a b", "asked-bin": Buffer.from([9, 8, 7]) });
    expect((await head).get("said-head")).toEqual(["h"]);
    expect((await head).get("head-bin")).toEqual([Buffer.from([1]), Buffer.from([2, 3])]);
    expect(status.code).toBe(grpc.status.OK);
    expect(status.metadata.get("said-trailer").join()).toMatch(/^x, ?y$/);
    expect(await once(client, "again")).toEqual({ error: null, value: "again!" });
  });

  test("hears of errors: status, message in any language, trailers; nothing of what nobody expected", async () => {
    const problems: unknown[] = [];
    const { client } = await serve({ onError: (error) => problems.push(error) });

    const failed = (await once(client, "fail")).error;
    const crashed = (await once(client, "crash")).error;

    expect([failed?.code, failed?.details]).toEqual([grpc.status.FAILED_PRECONDITION, "no: 100 % nö\n"]);
    expect(failed?.metadata.get("why-bin")).toEqual([Buffer.from([0, 255])]);
    expect(crashed?.code).toBe(grpc.status.UNKNOWN);
    expect(crashed?.details).not.toContain("secret");
    expect(problems).toHaveLength(1);
  });

  test("streams requests, and may be answered before it is done", async () => {
    const { client } = await serve();
    const ask = (texts: readonly string[]) =>
      new Promise<Answer>((resolve) => {
        const call = client.Joined?.((error: grpc.ServiceError | null, value?: string) =>
          resolve({ error, value }),
        ) as grpc.ClientWritableStream<string>;
        for (const text of texts) call.write(text);
        if (!texts.includes("enough")) call.end();
      });

    expect(await ask(["a", "b", "c"])).toEqual({ error: null, value: "abc" });
    expect(await ask([])).toEqual({ error: null, value: "" });
    expect(await ask(["a", "enough"])).toEqual({ error: null, value: "a." });
  });

  test("gets streams of responses, and how they end", async () => {
    const { client } = await serve();

    const good = await drain(client.Spelled?.("hello") as grpc.ClientReadableStream<string>);
    const none = await drain(client.Spelled?.("") as grpc.ClientReadableStream<string>);
    const bad = await drain(client.Spelled?.("bad") as grpc.ClientReadableStream<string>);

    expect([good.texts.join(""), good.status.code]).toEqual(["hello", grpc.status.OK]);
    expect([none.texts, none.status.code]).toEqual([[], grpc.status.OK]);
    expect([bad.texts.join(""), bad.status.code, bad.status.details]).toEqual(["bad", grpc.status.ABORTED, "bad word"]);
  });

  test("speaks and hears at once", async () => {
    const { client } = await serve();
    const call = client.Each?.() as grpc.ClientDuplexStream<string, string>;
    const first = new Promise((resolve) => call.once("data", resolve));

    call.write("a");
    const answered = await first;
    const rest = drain(call);
    for (let count = 0; count < 500; count++) call.write(`b${count}`);
    call.end();
    const { texts, status } = await rest;

    expect(answered).toBe("A");
    expect(texts).toEqual(Array.from({ length: 500 }, (_, count) => `B${count}`));
    expect(status.code).toBe(grpc.status.OK);
  });

  test("that gives up, or whose deadline passes, is noticed by the handler", async () => {
    const { client } = await serve();

    const late = (await once(client, "wait", undefined, { deadline: Date.now() + 100 })).error;
    const call = client.Once?.("wait", () => {}) as grpc.ClientUnaryCall;
    await new Promise((resolve) => setTimeout(resolve, 50));
    call.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(late?.code).toBe(grpc.status.DEADLINE_EXCEEDED);
    expect(seen.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(seen[0]?.leftMs).toBe(0);
    expect(seen[1]?.leftMs).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ["a message over the limit", {}, "x".repeat(2000), grpc.status.RESOURCE_EXHAUSTED],
    ["compressed messages", { "grpc.default_compression_algorithm": 2 }, "x".repeat(500), grpc.status.UNIMPLEMENTED],
  ])("that sends %s is refused, and may go on", async (_, options, text, code) => {
    const { server } = await serve({ receiveBytesMax: 1000 });
    const client = connectTo(server, undefined, options);

    const refused = (await once(client, text)).error;
    const plain = await once(connectTo(server), "y");

    expect(refused?.code).toBe(code);
    expect(plain.value).toBe("y!");
  });

  test("that calls what is not there is told so", async () => {
    const { server } = await serve();
    const Other = grpc.makeGenericClientConstructor(
      { No: { ...definition.Once, path: "/quorate.test.Echo/No" } } as never,
      "Other",
    );
    const client = new Other(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
    cleanups.push(() => client.close());

    const error = await new Promise<grpc.ServiceError>((resolve) =>
      client.No?.("x", (e: grpc.ServiceError) => resolve(e)),
    );

    expect([error.code, error.details]).toEqual([
      grpc.status.UNIMPLEMENTED,
      "there is no method /quorate.test.Echo/No",
    ]);
  });

  test("whose server shuts down ends what it has begun, and begins nothing new there", async () => {
    const { server, client } = await serve();
    const call = client.Each?.() as grpc.ClientDuplexStream<string, string>;
    const first = new Promise((resolve) => call.once("data", resolve));
    call.write("a");
    await first;

    const closing = server.close(5000);
    const rest = drain(call);
    await new Promise((resolve) => setTimeout(resolve, 100));
    call.write("b");
    const refused = (await once(client, "new", undefined, { deadline: Date.now() + 300 })).error;
    call.end();
    const { texts, status } = await rest;
    await closing;

    expect([texts, status.code]).toEqual([["B"], grpc.status.OK]);
    expect(refused?.code).toBe(grpc.status.UNAVAILABLE);
  });

  test("that holds on to its call when the time for that is over is cut off", async () => {
    const { server, client } = await serve();
    const ended = once(client, "wait");
    await new Promise((resolve) => setTimeout(resolve, 50));

    await server.close(100);

    expect((await ended).error?.code).toBe(grpc.status.UNAVAILABLE);
  });

  test("shows its certificate, and is not served without one", async () => {
    using authority = new Authority();
    const files = authority.issue("server", ["localhost", "127.0.0.1"]);
    const credentials = new Credentials("tls", files, () => {});
    const { server } = await serve({ credentials });
    const own = authority.issue("client", []);
    const trusted = grpc.credentials.createSsl(read(files.ca), read(own.key), read(own.cert));

    const served = await once(connectTo(server, trusted), "x");
    const refused = await once(connectTo(server, grpc.credentials.createSsl(read(files.ca))), "x", undefined, {
      deadline: Date.now() + 500,
    });

    expect(served.value).toBe("x!");
    expect(seen[0]?.caller).toMatchObject({ isEncrypted: true, isTrusted: true });
    expect(seen[0]?.caller.certificate?.subject).toBe("CN=client");
    expect(refused.error?.code).toBe(grpc.status.UNAVAILABLE);
  });
});

describe("our client at a server of grpc-js", () => {
  const service: grpc.ServiceDefinition = definition as never;

  async function serveOther(options: grpc.ServerOptions = {}): Promise<{ other: grpc.Server; client: GrpcClient }> {
    const other = new grpc.Server(options);
    other.addService(service, {
      Once: (call: grpc.ServerUnaryCall<string, string>, answer: grpc.sendUnaryData<string>) => {
        if (call.request === "wait") return;
        if (call.request === "fail") {
          const metadata = new grpc.Metadata();
          metadata.set("why-bin", Buffer.from([0, 255]));
          return answer({ code: grpc.status.NOT_FOUND, details: "nö %", metadata });
        }
        const [asked] = call.metadata.get("asked-bin");
        return answer(null, `${call.request} ${asked ? (asked as Buffer).toString("hex") : ""}`);
      },
      Joined: (call: grpc.ServerReadableStream<string, string>, answer: grpc.sendUnaryData<string>) => {
        let all = "";
        call.on("data", (text: string) => {
          all += text;
        });
        call.on("end", () => answer(null, all));
      },
      Spelled: (call: grpc.ServerWritableStream<string, string>) => {
        for (const letter of call.request) call.write(letter);
        if (call.request === "bad") call.emit("error", { code: grpc.status.ABORTED, details: "bad word" });
        else call.end();
      },
      Each: (call: grpc.ServerDuplexStream<string, string>) => {
        call.on("data", (text: string) => call.write(text.toUpperCase()));
        call.on("end", () => call.end());
      },
    } as never);
    const port = await new Promise<number>((resolve, reject) => {
      const insecure = grpc.ServerCredentials.createInsecure();
      other.bindAsync("127.0.0.1:0", insecure, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    cleanups.push(() => other.forceShutdown());
    const client = new GrpcClient({ host: "127.0.0.1", port, receiveBytesMax: 1000 });
    cleanups.push(() => client.destroy());
    return { other, client };
  }

  async function all(responses: AsyncIterable<string>): Promise<string[]> {
    const texts: string[] = [];
    for await (const text of responses) texts.push(text);
    return texts;
  }

  test("calls each kind of method", async () => {
    const { client } = await serveOther();
    const joined = client.start(echo.joined);
    for (const text of ["a", "b", "c"]) joined.send(text);
    joined.end();
    const spelled = client.start(echo.spelled);
    spelled.send("hello");
    spelled.end();
    const each = client.start(echo.each);
    each.send("x");
    const first = await each.responses.next();
    each.send("y");
    each.end();

    expect(await client.unary(echo.once, "q", { metadata: { "asked-bin": Uint8Array.of(10, 255) } })).toBe("q 0aff");
    expect(await all(joined.responses)).toEqual(["abc"]);
    expect((await all(spelled.responses)).join("")).toBe("hello");
    expect(first.value).toBe("X");
    expect(await all(each.responses)).toEqual(["Y"]);
    expect((await each.ending).status).toBe(grpcStatus.ok);
  });

  test("hears how a call went wrong", async () => {
    const { client } = await serveOther();
    const bad = client.start(echo.spelled);
    bad.send("bad");
    bad.end();
    const unknown = { ...echo.once, path: "/quorate.test.Echo/No" };

    const failed = await client.unary(echo.once, "fail").catch((error: unknown) => error);
    const missing = await client.unary(unknown, "x").catch((error: unknown) => error);
    const late = await client.unary(echo.once, "wait", { timeoutMs: 50 }).catch((error: unknown) => error);
    const tooLong = await client.unary(echo.once, "x".repeat(2000)).catch((error: unknown) => error);
    const given = client.start(echo.each);
    given.cancel();

    expect(failed).toMatchObject({ status: grpcStatus.notFound, message: "nö %" });
    expect((failed as GrpcError).trailers["why-bin"]).toEqual(Buffer.from([0, 255]));
    expect(missing).toMatchObject({ status: grpcStatus.unimplemented });
    expect(late).toMatchObject({ status: grpcStatus.deadlineExceeded });
    expect(tooLong).toMatchObject({ status: grpcStatus.resourceExhausted });
    await expect(all(bad.responses)).rejects.toMatchObject({ status: grpcStatus.aborted, message: "bad word" });
    expect(await given.ending).toMatchObject({ status: grpcStatus.cancelled });
  });

  test("finds its calls ended when the server goes, and can begin no more", async () => {
    const { other, client } = await serveOther();
    const call = client.start(echo.each);
    call.send("x");
    await call.responses.next();

    other.forceShutdown();

    expect(await call.ending).toMatchObject({ status: grpcStatus.unavailable });
    await client.closed;
    expect(() => client.start(echo.each)).toThrow(GrpcError);
    expect(client.isOpen).toBe(false);
  });
});

function read(path: MemberTls[keyof MemberTls]): Buffer {
  return readFileSync(path);
}
