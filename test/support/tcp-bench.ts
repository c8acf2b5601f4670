import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Bytes } from "../../src/base/bytes.ts";
import { toUtf8 } from "../../src/base/text.ts";
import { encodeGreeting, type Greeting, GreetingReader } from "../../src/runtime/transports/links/handshake.ts";
import type { LinkedTransport, LinkOptions } from "../../src/runtime/transports/links/linked-transport.ts";
import { FrameReader, frameKinds, gather } from "../../src/runtime/transports/tcp/frames.ts";
import { tcpTransport } from "../../src/runtime/transports/tcp/tcp.ts";
import { RecordingOwner } from "../conformance/transport.ts";

/** A hand-made end of a connection to the transport under test. */
export class RawEnd {
  readonly socket: Socket;
  readonly greeting: Promise<Greeting | undefined>;
  readonly closed: Promise<unknown>;
  readonly chunks: Bytes[] = [];
  readonly bodies: Bytes[] = [];
  answersPings = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {}); // being cut off is what these ends are made for
    this.closed = new Promise((resolve) => void socket.once("close", resolve));
    const greetings = new GreetingReader();
    const frames = new FrameReader(1024 * 1024);
    let greeted = false;
    this.greeting = new Promise((resolve) => {
      socket.on("close", () => resolve(undefined));
      socket.on("data", (chunk) => {
        const read = greeted ? { rest: chunk } : greetings.read(chunk);
        if (!read) return;
        greeted = true;
        if ("greeting" in read) resolve(read.greeting);
        if (read.rest.length > 0) this.#readFrames(frames, read.rest);
      });
    });
  }

  greet(change: Partial<Greeting> = {}): void {
    this.socket.write(encodeGreeting({ ...hello, ...change } as Greeting));
  }

  #readFrames(frames: FrameReader, chunk: Bytes): void {
    this.chunks.push(chunk);
    frames.push(chunk);
    for (let frame = frames.next(); frame; frame = frames.next()) {
      if (frame.kind === frameKinds.message) this.bodies.push(frame.body);
      if (frame.kind !== frameKinds.ping || !this.answersPings) continue;
      for (const piece of gather([{ kind: frameKinds.pong, body: new Uint8Array(0) }])) this.socket.write(piece);
    }
  }
}

/** Member "b" introducing itself to "a". */
export const hello: Greeting = {
  kind: "hello",
  versions: { min: 1, max: 1 },
  session: 77,
  clusterId: "c",
  from: "b",
  to: "a",
};
/** Turns `hello` into the answer that lets "a" in. */
export const welcome: Partial<Greeting> = { kind: "welcome" };
/** A message as it travels. */
export function messageFrame(body: Bytes): Bytes {
  return Buffer.concat(gather([{ kind: frameKinds.message, body }]));
}

const listen = { host: "127.0.0.1", port: 0 };

/** The transport of member "a" of cluster "c", with hand-made ends around it. */
export class TcpBench {
  readonly owner = new RecordingOwner("a", "c");
  readonly notices: string[] = [];
  /** Connections made to us as "b". */
  readonly accepted: RawEnd[] = [];
  readonly others: LinkedTransport[] = [];
  readonly #dialled: RawEnd[] = [];
  #transport: LinkedTransport | undefined;
  #server: Server | undefined;

  get transport(): LinkedTransport {
    if (!this.#transport) throw new Error("start the bench first");
    return this.#transport;
  }

  async start(options: Partial<LinkOptions> = {}): Promise<void> {
    this.#transport = tcpTransport({ listen, notice: (_, text) => this.notices.push(text), ...options });
    await this.#transport.start(this.owner);
  }

  dial(): RawEnd {
    const end = new RawEnd(connect(this.transport.port, "127.0.0.1"));
    this.#dialled.push(end);
    return end;
  }

  /** A place where the transport finds its member "b": each connection is given to `meet`. */
  async serveB(meet: (end: RawEnd) => Promise<void>, host = "127.0.0.1"): Promise<void> {
    this.#server = createServer((socket) => {
      const end = new RawEnd(socket);
      this.accepted.push(end);
      void meet(end);
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    this.transport.setMembers([{ id: "b", address: `${host}:${port}` }]);
  }

  /** A real member links up and is heard, which shows that the transport still serves. */
  async linkWithRealMember(): Promise<void> {
    const other = tcpTransport({ listen, notice: () => {} });
    this.others.push(other);
    const otherOwner = new RecordingOwner("z", "c");
    await other.start(otherOwner);
    other.setMembers([{ id: "a", address: `127.0.0.1:${this.transport.port}` }]);
    await otherOwner.untilLast("a up");
    const count = this.owner.frames.length;
    other.send("a", toUtf8("alive"));
    await this.owner.until(({ frames }) => frames.length > count);
  }

  async close(): Promise<void> {
    await Promise.all([this.#transport?.close(), ...this.others.map((other) => other.close())]);
    for (const { socket } of [...this.#dialled, ...this.accepted]) socket.destroy();
    this.#server?.close();
  }
}
