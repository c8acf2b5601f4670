import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bytes } from "../../src/base/bytes.ts";
import type { NodeId } from "../../src/base/ids.ts";
import { fromUtf8, toUtf8 } from "../../src/base/text.ts";
import type { Member } from "../../src/protocols/replicated-log.ts";
import type { MemberTls } from "../../src/runtime/tls/credentials.ts";
import { parseAddress } from "../../src/runtime/transports/addresses.ts";
import type { LinkedTransport, LinkOptions } from "../../src/runtime/transports/links/linked-transport.ts";
import type { Transport, TransportOwner } from "../../src/runtime/transports/transport.ts";

/** A world in which the transports under test find each other. */
export interface TransportNetwork {
  /** A transport, not started, for the address it was once given, or for a new one. */
  open(options: { readonly address?: string; readonly queueBytesMax?: number }): Transport;
  /** Where a started transport is reached. */
  addressOf(transport: Transport): string;
  /** Longest frame taken, in bytes. */
  readonly frameBytesMax: number;
  /** Smallest `queueBytesMax` that may be asked for. */
  readonly queueBytesMin: number;
}

/** A network of transports that listen on this machine, as `make` makes them. */
export function loopback(make: (options: LinkOptions) => LinkedTransport, tls?: MemberTls): TransportNetwork {
  return {
    open: ({ address = "127.0.0.1:0", queueBytesMax = 4 * 1024 * 1024 }) => {
      const { host, port } = parseAddress(address) ?? { host: "127.0.0.1", port: 0 };
      const frameBytesMax = Math.min(1024 * 1024, queueBytesMax - 5);
      return make({ listen: { host, port }, frameBytesMax, queueBytesMax, notice: () => {}, tls });
    },
    addressOf: (transport) => `127.0.0.1:${(transport as LinkedTransport).port}`,
    frameBytesMax: 1024 * 1024,
    queueBytesMin: 100_000,
  };
}

/** Keeps all that a transport tells its owner. */
export class RecordingOwner implements TransportOwner {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly speaks: number;
  /** What the peer of each link that came up speaks. */
  readonly spoken: (number | undefined)[] = [];
  readonly frames: { readonly from: NodeId; readonly frame: Bytes }[] = [];
  readonly links: string[] = [];
  #watchers: (() => void)[] = [];

  constructor(id: NodeId, clusterId = "conformance", speaks = 2) {
    this.id = id;
    this.clusterId = clusterId;
    this.speaks = speaks;
  }

  get texts(): string[] {
    return this.frames.map(({ from, frame }) => `${from} ${fromUtf8(frame)}`);
  }

  receive(from: NodeId, frame: Bytes): void {
    this.frames.push({ from, frame });
    this.#changed();
  }

  link(peer: NodeId, up: boolean, speaks?: number): void {
    if (up) this.spoken.push(speaks);
    this.links.push(`${peer} ${up ? "up" : "down"}`);
    this.#changed();
  }

  /** Resolves once `holds`, looked at after each thing told. */
  async until(holds: (owner: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async untilLast(link: string): Promise<void> {
    await this.until(({ links }) => links.at(-1) === link);
  }

  #changed(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }
}

interface Node {
  readonly transport: Transport;
  readonly owner: RecordingOwner;
  readonly member: Member;
}

interface OpenOptions {
  readonly address?: string;
  readonly queueBytesMax?: number;
  readonly clusterId?: string;
  readonly speaks?: number;
}

/** What every transport must do. */
export function transportConformance(name: string, makeNetwork: () => TransportNetwork): void {
  describe(`${name} is a transport`, () => {
    let network: TransportNetwork;
    let nodes: Node[];

    beforeEach(() => {
      network = makeNetwork();
      nodes = [];
    });

    afterEach(async () => {
      await Promise.all(nodes.map(({ transport }) => transport.close()));
    });

    async function start(id: NodeId, { clusterId, speaks, ...options }: OpenOptions = {}): Promise<Node> {
      const transport = network.open(options);
      const owner = new RecordingOwner(id, clusterId, speaks);
      await transport.start(owner);
      const node = { transport, owner, member: { id, address: network.addressOf(transport) } };
      nodes.push(node);
      return node;
    }

    async function startPair(options: OpenOptions = {}): Promise<[Node, Node]> {
      const a = await start("a", options);
      const b = await start("b", options);
      introduce(a, b);
      await Promise.all([a.owner.untilLast("b up"), b.owner.untilLast("a up")]);
      return [a, b];
    }

    test("frames arrive whole, in order and from whom they were sent", async () => {
      const [a, b] = await startPair();

      for (let count = 0; count < 100; count++) {
        a.transport.send("b", toUtf8(`first ${count}`));
        b.transport.send("a", toUtf8(`back ${count}`));
      }
      await b.owner.until(({ frames }) => frames.length === 100);
      for (let count = 100; count < 200; count++) a.transport.send("b", toUtf8(`first ${count}`));
      await b.owner.until(({ frames }) => frames.length === 200);
      await a.owner.until(({ frames }) => frames.length === 100);

      expect(b.owner.texts).toEqual(Array.from({ length: 200 }, (_, count) => `a first ${count}`));
      expect(a.owner.texts).toEqual(Array.from({ length: 100 }, (_, count) => `b back ${count}`));
    });

    test("members may be named by addresses, as those of a group are", async () => {
      const [a, b] = await Promise.all([start("10.0.0.1:7001"), start("[fd00::2]:7001")]);
      introduce(a, b);
      await a.owner.untilLast("[fd00::2]:7001 up");

      a.transport.send("[fd00::2]:7001", toUtf8("x"));
      await b.owner.until(({ frames }) => frames.length === 1);

      expect(b.owner.texts).toEqual(["10.0.0.1:7001 x"]);
    });

    test("nothing is told from inside a call of send", async () => {
      const [a, b] = await startPair();

      a.transport.send("b", toUtf8("x"));
      b.transport.send("a", toUtf8("y"));

      expect([...a.owner.frames, ...b.owner.frames]).toEqual([]);
    });

    test("frames of every size up to the limit arrive as they were", async () => {
      const [a, b] = await startPair();
      const sizes = [0, 1, 5, 1000, 16_383, 16_384, 65_535, 65_536, 300_000, network.frameBytesMax, 3];
      const sent = sizes.map((size, seed) => patterned(size, seed));

      for (const frame of sent) {
        a.transport.send("b", frame);
        const count = b.owner.frames.length;
        await b.owner.until(({ frames }) => frames.length > count);
      }

      expect(b.owner.frames.map(({ frame }) => frame.length)).toEqual(sizes);
      expect(b.owner.frames.every(({ frame }, at) => Buffer.compare(frame, sent[at] as Bytes) === 0)).toBe(true);
    });

    test("a frame is its receiver's to keep, whatever comes after it", async () => {
      const [a, b] = await startPair();
      const first = patterned(40_000, 1);

      a.transport.send("b", first);
      a.transport.send("b", patterned(10, 2));
      for (let count = 0; count < 200; count++) a.transport.send("b", patterned(9_000, count));
      await b.owner.until(({ frames }) => frames.length === 202);

      expect(Buffer.compare(b.owner.frames[0]?.frame as Bytes, first)).toBe(0);
      const short = b.owner.frames[1]?.frame as Bytes;
      expect(short).toEqual(patterned(10, 2));
      expect(short.buffer.byteLength).toBeLessThanOrEqual(2 * short.length);
    });

    test("a full queue drops the newest frames and counts them", async () => {
      const bytes = 1000;
      const [a, b] = await startPair({ queueBytesMax: network.queueBytesMin });
      const count = Math.ceil(network.queueBytesMin / bytes) * 2;

      for (let number = 0; number < count; number++) a.transport.send("b", patterned(bytes, number));
      const { framesSent, framesDropped, bytesQueued } = statsOf(a, "b");
      await b.owner.until(({ frames }) => frames.length === framesSent);

      expect(framesSent + framesDropped).toBe(count);
      expect(framesDropped).toBeGreaterThan(0);
      expect(bytesQueued).toBeLessThanOrEqual(network.queueBytesMin);
      const arrived = b.owner.frames.map(({ frame }) => frame);
      expect(arrived).toEqual(Array.from({ length: framesSent }, (_, number) => patterned(bytes, number)));
      expect(statsOf(b, "a").framesReceived).toBe(framesSent);
    });

    test("what is sent to nobody, or without a link, is dropped and counted", async () => {
      const a = await start("a");
      const b = await start("b");

      a.transport.send("b", toUtf8("before it is a member"));
      const asStranger = statsOf(a, "b").framesDropped;
      a.transport.setMembers([b.member]);
      a.transport.send("b", toUtf8("before there is a link"));
      const asMember = statsOf(a, "b").framesDropped;
      await a.owner.untilLast("b up");
      a.transport.send("b", toUtf8("now"));
      await b.owner.until(({ frames }) => frames.length > 0);

      expect([asStranger, b.owner.texts.at(-1)]).toEqual([1, "a now"]);
      expect(asMember + statsOf(a, "b").framesSent).toBe(3);
      expect(a.transport.stats().filter(({ peer }) => peer === "b")).toHaveLength(1);
    });

    test("a link goes down when the member stops, and up when it is back, in turn", async () => {
      const [a, b] = await startPair();

      await b.transport.close();
      await a.owner.untilLast("b down");
      const whileDown = statsOf(a, "b").up;
      a.transport.send("b", toUtf8("lost"));
      const again = await start("b", { address: b.member.address });
      introduce(a, again);
      await Promise.all([a.owner.untilLast("b up"), again.owner.untilLast("a up")]);
      a.transport.send("b", toUtf8("hello again"));
      again.transport.send("a", toUtf8("hello to you"));
      await Promise.all([again.owner.until((o) => o.frames.length > 0), a.owner.until((o) => o.frames.length > 0)]);

      expect(whileDown).toBe(false);
      expect(a.owner.links).toEqual(["b up", "b down", "b up"]);
      expect(again.owner.texts).toEqual(["a hello again"]);
      expect(a.owner.texts).toEqual(["b hello to you"]);
    });

    test("members can be added, moved and removed while it runs", async () => {
      const [a, b] = await startPair();
      const c = await start("c");

      a.transport.setMembers([b.member, c.member]);
      await a.owner.untilLast("c up");
      await b.transport.close();
      await a.owner.untilLast("b down");
      const moved = await start("b");
      a.transport.setMembers([moved.member, c.member]);
      await a.owner.untilLast("b up");
      a.transport.setMembers([moved.member]);
      await a.owner.untilLast("c down");
      a.transport.send("b", toUtf8("moved"));
      a.transport.send("c", toUtf8("removed"));
      await moved.owner.until(({ frames }) => frames.length > 0);

      expect(moved.member.address).not.toBe(b.member.address);
      expect(moved.owner.texts).toEqual(["a moved"]);
      expect(c.owner.texts).toEqual([]);
      expect(statsOf(a, "c")).toMatchObject({ up: false, framesDropped: 1 });
    });

    test("a node that is no member is answered on the way that it has to us, for as long as it has one", async () => {
      const a = await start("a");
      const b = await start("b");
      a.transport.setMembers([b.member]);
      await a.owner.untilLast("b up");

      a.transport.send("b", toUtf8("may I join?"));
      await b.owner.until(({ frames }) => frames.length > 0);
      b.transport.send("a", toUtf8("you may"));
      await a.owner.until(({ frames }) => frames.length > 0);

      expect(a.owner.texts).toEqual(["b you may"]);
      expect(b.owner.links).toEqual([]);
    });

    test("a member is also looked for where else it may be, and who is found there is not taken for it", async () => {
      const a = await start("a");
      const [b, c] = [await start("b"), await start("c")];
      const nowhere = { id: "b", address: c.member.address };

      a.transport.setMembers([{ ...nowhere, otherAddresses: [b.member.address] }]);
      await a.owner.untilLast("b up");
      a.transport.send("b", toUtf8("x"));
      await b.owner.until(({ frames }) => frames.length > 0);

      expect([b.owner.texts, c.owner.texts]).toEqual([["a x"], []]);
    });

    test("a link tells which version of the protocol the member speaks", async () => {
      const a = await start("a", { speaks: 2 });
      const b = await start("b", { speaks: 1 });
      introduce(a, b);

      await Promise.all([a.owner.untilLast("b up"), b.owner.untilLast("a up")]);

      expect([a.owner.spoken, b.owner.spoken]).toEqual([[1], [2]]);
    });

    test("oneself among the members makes no link", async () => {
      const [a, b] = await startPair();

      a.transport.setMembers([a.member, b.member]);
      a.transport.send("b", toUtf8("x"));
      await b.owner.until(({ frames }) => frames.length === 1);

      expect(a.owner.links).toEqual(["b up"]);
    });

    test("nodes of another cluster, or under another name, are not linked with", async () => {
      const a = await start("a");
      const foreign = await start("b", { clusterId: "another" });
      const c = await start("c");

      a.transport.setMembers([foreign.member, { id: "d", address: c.member.address }, c.member]);
      await a.owner.untilLast("c up");
      a.transport.send("b", toUtf8("x"));
      a.transport.send("d", toUtf8("x"));
      a.transport.send("c", toUtf8("y"));
      await c.owner.until(({ frames }) => frames.length > 0);

      expect(a.owner.links).toEqual(["c up"]);
      expect(c.owner.texts).toEqual(["a y"]);
      expect(foreign.owner.texts).toEqual([]);
    });

    test("a taken address is refused by name", async () => {
      const a = await start("a");

      const second = network.open({ address: a.member.address });
      const refused = second.start(new RecordingOwner("b"));

      await expect(refused).rejects.toMatchObject({ code: "QUORATE_ADDRESS_IN_USE" });
      await second.close();
    });

    test("after close nothing is told, nothing stays open, and the address is free", async () => {
      const before = await openHandles();
      const [a, b] = await startPair();

      for (let count = 0; count < 50; count++) b.transport.send("a", patterned(1000, count));
      await a.transport.close();
      const told = [a.owner.frames.length, a.owner.links.length];
      a.transport.send("b", toUtf8("too late"));
      await b.owner.untilLast("a down");
      await b.transport.close();

      expect([a.owner.frames.length, a.owner.links.length]).toEqual(told);
      expect(await openHandles()).toEqual(before);
      const again = await start("a", { address: a.member.address });
      expect(again.member.address).toBe(a.member.address);
    });

    test("what was handed over before a close still leaves", async () => {
      const [a, b] = await startPair();

      for (let count = 0; count < 50; count++) a.transport.send("b", patterned(1500, count));
      await a.transport.close();
      await b.owner.until(({ frames, links }) => frames.length === 50 && links.at(-1) === "a down");

      expect(b.owner.frames.map(({ frame }) => frame)).toEqual(
        Array.from({ length: 50 }, (_, count) => patterned(1500, count)),
      );
    });

    test("closing twice, or without a start, does no harm", async () => {
      const [a] = await startPair();

      await Promise.all([a.transport.close(), a.transport.close()]);
      await a.transport.close();
      await network.open({}).close();

      expect(a.transport.stats().every(({ up }) => !up)).toBe(true);
    });
  });
}

function introduce(...nodes: readonly Node[]): void {
  for (const node of nodes) node.transport.setMembers(nodes.filter((n) => n !== node).map(({ member }) => member));
}

function statsOf({ transport }: Node, peer: NodeId): ReturnType<Transport["stats"]>[number] {
  const stats = transport.stats().find((link) => link.peer === peer);
  expect(stats).toBeDefined();
  return stats as ReturnType<Transport["stats"]>[number];
}

function patterned(size: number, seed: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + seed * 7) & 0xff;
  return bytes;
}

/** What this process holds open on our account, once the loop has put away what was closed. */
async function openHandles(): Promise<string[]> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP") || kind === "Immediate");
}
