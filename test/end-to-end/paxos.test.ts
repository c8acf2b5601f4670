import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Authority } from "../support/certificates.ts";
import { freeAddresses } from "../support/free-ports.ts";
import { type Ended, Program, quorate, runQuorate } from "../support/processes.ts";

let group: PaxosGroup;

beforeEach(async () => {
  const addresses = Object.values(await freeAddresses("0", "1", "2"));
  group = new PaxosGroup(addresses);
});

afterEach(async () => await group[Symbol.asyncDispose]());

/** Three servers of the classic ordering service, and its clients. */
class PaxosGroup implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "quorate-paxos-"));
  readonly #hostfile = join(this.directory, "hosts");
  readonly #servers = new Map<number, Program>();

  constructor(addresses: readonly string[]) {
    writeFileSync(this.#hostfile, `${addresses.join("\n")}\n`);
  }

  /** The hostfile has just its first lines from now on. */
  keepLines(count: number): void {
    const lines = readFileSync(this.#hostfile, "utf8").split("\n");
    writeFileSync(this.#hostfile, lines.slice(0, count).join("\n"));
  }

  start(id: number, ...args: readonly string[]): Program {
    const dataDir = ["--data-dir", join(this.directory, String(id))];
    const server = new Program(quorate, ["paxos", "server", ...this.#hosts, "-i", String(id), ...dataDir, ...args]);
    this.#servers.set(id, server);
    return server;
  }

  startAll(...args: readonly string[]): void {
    for (const id of [2, 0, 1]) this.start(id, ...args);
  }

  async stop(id: number, signal: NodeJS.Signals): Promise<Ended> {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Error(`server ${id} does not run`);
    server.process.kill(signal);
    return await server.ended;
  }

  client(lines: readonly string[], ...args: readonly string[]): Program {
    const input = lines.map((line) => `${line}\n`).join("");
    return new Program(quorate, ["paxos", "client", ...this.#hosts, ...args], {}, false, input);
  }

  get #hosts(): readonly string[] {
    return ["-h", this.#hostfile, "-p", "2346"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#servers.keys()) await this.stop(id, "SIGKILL");
    rmSync(this.directory, { recursive: true });
  }
}

const words = (client: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${client} ${at}`);

/** The lines `ordered <seq> <update>`, as pairs. */
function orderedIn({ stdout }: { readonly stdout: string }): { readonly seq: number; readonly text: string }[] {
  const lines = stdout.split("\n").slice(0, -1);
  return lines.map((line) => {
    const [, seq, text = ""] = /^ordered (\d+) (.*)$/.exec(line) ?? [];
    return { seq: Number(seq), text };
  });
}

test("each line of each client gets a number of its own, in its client's order, though servers die and come back", async () => {
  group.startAll();
  const clients = ["x", "y"].map((name) => group.client(words(name, 100)));
  await Promise.all(clients.map((client) => client.says("ordered ")));
  for (const id of [0, 1, 2]) {
    await group.stop(id, "SIGKILL");
    await group.start(id).says("leads view", "stderr");
  }

  const ended = await Promise.all(clients.map((client) => client.ended));

  expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  const [x = [], y = []] = ended.map(orderedIn);
  expect(x.map(({ text }) => text)).toEqual(words("x", 100));
  expect(y.map(({ text }) => text)).toEqual(words("y", 100));
  const numbers = [...x, ...y].map(({ seq }) => seq).sort((one, other) => one - other);
  expect(numbers).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  for (const own of [x, y]) expect(own.map(({ seq }) => seq)).toEqual(own.map(({ seq }) => seq).sort((a, b) => a - b));
});

test("the numbers go on after all servers were ended, and started again; -v prints messages", async () => {
  group.startAll("-v");
  const first = await group.client(["a", "", "b"]).ended;
  const ended = await Promise.all([0, 1, 2].map((id) => group.stop(id, "SIGTERM")));
  group.startAll();

  const second = await group.client(["c"]).ended;

  expect(first).toMatchObject({ code: 0, stdout: "ordered 1 a\nordered 2 \nordered 3 b\n" });
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  for (const { stderr } of ended) {
    expect(stderr).toMatch(/^from server [0-2]: \{"kind":"\w+"/m);
    expect(stderr).toMatch(/^to server [0-2]: \{"kind":"\w+"/m);
    expect(stderr).toMatch(/^timeout: |^follower in view/m);
  }
  expect(second).toMatchObject({ code: 0, stdout: "ordered 4 c\n" });
});

test("one of three servers that is given a hostfile of its own line alone decides nothing by itself", async () => {
  group.startAll();
  await group.client(["a"]).ended;
  await Promise.all([0, 1, 2].map((id) => group.stop(id, "SIGTERM")));
  group.keepLines(1);
  const alone = group.start(0);
  await alone.says("server 0 of 3 listens", "stderr");

  const ended = await group.client(["b"], "--timeout", "5s").ended;

  expect(ended).toMatchObject({ code: 2, stdout: "" });
  expect((await group.stop(0, "SIGTERM")).stderr).toContain("the stored members count, not the given ones");
});

test("a client without a majority, or without any server, says what is not known and ends", async () => {
  const nobody = await group.client(["a"], "--timeout", "1s").ended;
  await group.start(1).says("listens on", "stderr");

  const alone = await group.client(["a"], "--timeout", "6s").ended;

  expect(nobody).toMatchObject({ code: 69, stdout: "" });
  expect(nobody.stderr).toContain("no server could be reached, and it was not sent");
  expect(alone).toMatchObject({ code: 2, stdout: "" });
  expect(alone.stderr).toContain("server 1 did not order it: no leader within");
  expect(alone.stderr).toContain('no answer within 6s for "a": it may be ordered, now or later');
});

test("an id past the hostfile's end and a hostfile that is missing are refused; --help is help", async () => {
  const [past, missing, help] = await Promise.all([
    group.start(3).ended,
    runQuorate(["paxos", "client", "-h", join(group.directory, "nowhere")]),
    runQuorate(["paxos", "server", "--help"]),
  ]);

  expect(past).toMatchObject({ code: 64, stderr: expect.stringContaining("so ids are 0 to 2") });
  expect(missing).toMatchObject({ code: 64, stderr: expect.stringContaining("cannot be read") });
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("--hostfile") });
});

test("servers and clients with certificates know each other, and nobody else is served", async () => {
  using authority = new Authority();
  using strangers = new Authority();
  const flags = ({ cert, key, ca }: { cert: string; key: string; ca: string }) => {
    return ["--peer-cert", cert, "--peer-key", key, "--peer-ca", ca];
  };
  for (const id of [0, 1, 2]) group.start(id, ...flags(authority.issue(String(id))));

  const known = await group.client(["a"], ...flags(authority.issue("client"))).ended;
  const stranger = { ...strangers.issue("client"), ca: authority.ca };
  const unknown = await group.client(["b"], "--timeout", "2s", ...flags(stranger)).ended;
  const plain = await group.client(["c"], "--timeout", "2s").ended;

  expect(known).toMatchObject({ code: 0, stdout: "ordered 1 a\n" });
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain("a client must show a certificate that is trusted here");
  expect(plain).toMatchObject({ code: 69, stdout: "" });
});
