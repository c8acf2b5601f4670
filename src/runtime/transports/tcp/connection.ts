import type { Socket } from "node:net";
import { type Bytes, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { unreachable } from "../../../base/invariant.ts";
import { tlsFirstByte } from "../../tls/entrance.ts";
import { describeSocketError } from "../../tls/identity.ts";
import type { Channel, ChannelEvents, ChannelLimits } from "../links/channel.ts";
import { encodeGreeting, type Greeting, GreetingReader } from "../links/handshake.ts";
import { type Frame, FrameReader, frameHeadBytes, frameKinds, gather } from "./frames.ts";

/** What tells a TLS end that there is none here: the head of a greeting, which is none of a TLS record. */
const noTls = "QUOR\x01\x00";

/** Bytes given to the system at once: its progress shows only when it has taken them all. */
const writeBytesMax = 256 * 1024;

/** Time for the last bytes to leave when a connection ends in peace. */
const finishMs = 500;

/** One socket from its first byte to its last: greets, then carries frames both ways. */
export class Connection implements Channel {
  readonly #socket: Socket;
  readonly #limits: ChannelLimits;
  readonly #events: ChannelEvents;
  readonly #cancelHandshake: () => void;
  #state: "greeting" | "judging" | "open" | "closed" = "greeting";
  readonly #greetings = new GreetingReader();
  readonly #frames: FrameReader;
  /** Frames of this turn: they leave together when it ends. */
  #batch: Frame[] = [];
  #batchBytes = 0;
  /** What was gathered and waits for the write under way to end. */
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  #isWriting = false;
  #pingsOpen = 0;
  /** Since the last beat: something was read; the system took something off our queue. */
  #heard = false;
  #drained = false;
  #silentBeats = 0;

  constructor(socket: Socket, limits: ChannelLimits, events: ChannelEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    this.#frames = new FrameReader(limits.frameBytesMax);
    const late = () => this.destroy(`no handshake within ${limits.handshakeMs} ms`, true);
    this.#cancelHandshake = limits.timers.after(limits.handshakeMs, late);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => {
      if (!socket.destroyed) this.destroy("closed by the other end"); // TLS ended it by itself, and says why
    });
    socket.on("error", (error) => this.destroy(describeSocketError(error)));
    socket.on("close", () => this.destroy("closed"));
  }

  /** The first packet was not answered yet. */
  get connecting(): boolean {
    return this.#socket.connecting;
  }

  get bytesQueued(): number {
    return this.#batchBytes + this.#piecesBytes + this.#socket.writableLength;
  }

  greet(greeting: Greeting): void {
    this.#socket.write(encodeGreeting(greeting));
  }

  /** Lets frames flow: the other end is who it should be. */
  open(): void {
    if (this.#state !== "judging") return;
    this.#state = "open";
    this.#cancelHandshake();
  }

  /** Says why not, and hangs up. */
  refuse(greeting: Greeting): void {
    if (this.#state === "closed") return;
    this.greet(greeting);
    void this.finish();
  }

  /** Takes a message for the end of this turn; `false`: the queue is full, and it was dropped. */
  send(body: Bytes): boolean {
    const bytes = frameHeadBytes + body.length;
    if (this.#state !== "open" || this.bytesQueued + bytes > this.#limits.queueBytesMax) return false;
    this.#add({ kind: frameKinds.message, body });
    return true;
  }

  ping(): void {
    if (this.#state !== "open") return;
    this.#pingsOpen++;
    this.#add({ kind: frameKinds.ping, body: noBytes });
  }

  /**
   * To be called at a steady pace: gives up a connection on which the other end was silent for too many beats.
   *
   * Counts beats and not time, because a process that was itself stopped for a while must not blame its peers.
   */
  beat(): void {
    const alive = this.#heard || (this.#isWriting && this.#drained); // a pong waits behind what still drains
    this.#silentBeats = alive ? 0 : this.#silentBeats + 1;
    this.#heard = false;
    this.#drained = false;
    if (this.#silentBeats >= this.#limits.silentBeatsMax) this.destroy("silent for too long");
  }

  /** Ends at once. */
  destroy(problem: string, misbehaved = false): void {
    this.#socket.destroy();
    this.#close(problem, misbehaved);
  }

  /** Ends after what was handed over has left, or shortly. Resolves once the socket is gone. */
  async finish(): Promise<void> {
    if (this.#socket.closed) return;
    const gone = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#gather();
    for (const piece of this.#pieces) this.#socket.write(piece);
    this.#close("finished", false);
    this.#socket.destroySoon();
    const cancel = this.#limits.timers.after(finishMs, () => this.#socket.destroy());
    await gone;
    cancel();
  }

  #close(problem: string, misbehaved: boolean): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelHandshake();
    this.#batch = [];
    this.#batchBytes = 0;
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#events.closed(problem, misbehaved);
  }

  #add(frame: Frame): void {
    if (this.#batch.length === 0) process.nextTick(() => this.#flush());
    this.#batch.push(frame);
    this.#batchBytes += frameHeadBytes + frame.body.length;
  }

  #flush(): void {
    this.#gather();
    if (!this.#isWriting) this.#write();
  }

  #gather(): void {
    if (this.#batch.length === 0) return;
    this.#pieces.push(...gather(this.#batch));
    this.#piecesBytes += this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
  }

  /** Writes what waits, up to a bound, and when that is done the rest: what came meanwhile leaves together. */
  #write(): void {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < writeBytesMax) {
      const piece = this.#pieces.shift();
      if (!piece) break;
      const part = piece.subarray(0, writeBytesMax - bytes);
      if (part.length < piece.length) this.#pieces.unshift(piece.subarray(part.length));
      pieces.push(part);
      bytes += part.length;
    }
    this.#isWriting = bytes > 0;
    if (bytes === 0) return;
    this.#piecesBytes -= bytes;
    this.#socket.cork();
    for (const piece of pieces.slice(0, -1)) this.#socket.write(piece);
    this.#socket.write(pieces.at(-1) as Uint8Array, () => {
      this.#drained = true;
      if (this.#state === "open") this.#write();
    });
    this.#socket.uncork();
  }

  #read(chunk: Bytes): void {
    this.#heard = true;
    if (this.#state === "greeting") this.#readGreeting(chunk);
    else if (this.#state === "open") this.#readFrames(chunk);
    else if (this.#state === "judging") this.destroy("spoke before it was answered", true);
  }

  #readGreeting(chunk: Bytes): void {
    if (chunk[0] === tlsFirstByte) this.#socket.write(noTls);
    const read = this.#parse(() => this.#greetings.read(chunk));
    if (!read) return;
    this.#state = "judging";
    this.#events.greeted(read.greeting);
    if (read.rest.length > 0) this.#read(read.rest);
  }

  #readFrames(chunk: Bytes): void {
    this.#frames.push(chunk);
    while (this.#state === "open") {
      const frame = this.#parse(() => this.#frames.next());
      if (!frame) return;
      this.#take(frame);
    }
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case frameKinds.message:
        this.#events.message(frame.body);
        return;
      case frameKinds.ping:
        if (this.bytesQueued < this.#limits.queueBytesMax) this.#add({ kind: frameKinds.pong, body: noBytes });
        return;
      case frameKinds.pong:
        this.#pingsOpen = Math.max(0, this.#pingsOpen - 1);
        if (this.#pingsOpen === 0) this.#events.answered();
        return;
      default:
        unreachable(frame.kind as never);
    }
  }

  /** What `read` finds; bytes that make no sense end the connection. */
  #parse<Found>(read: () => Found | undefined): Found | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.destroy(error.message, true);
      return undefined;
    }
  }
}
