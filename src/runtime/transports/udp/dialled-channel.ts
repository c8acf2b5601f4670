import { randomBytes } from "node:crypto";
import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import type { Channel, ChannelEvents, ChannelLimits } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { datagramKinds, encodeDatagram, secretBytes, tokenBytes } from "./datagram.ts";
import { decodeStreamFrame, encodeStreamFrame, type StreamFrame } from "./stream-frame.ts";

/** Longest frame that goes as a datagram, and most of one turn: more would overrun the receiver's buffer. */
const datagramBodyBytesMax = 1200;
const datagramsMax = 16;

/** Beats without a probe that came through until datagrams are given up for a while. */
const deafBeatsMax = 3;

/** Room in the queue for what is said beside the messages. */
const spareBytes = 1024;

/**
 * A channel that sends few small frames as datagrams, and all others on a stream.
 *
 * Frames stay in order: after some went on the stream no datagram is sent until the other end has them all, and a
 * datagram that comes late is not taken.
 */
export class DialledChannel implements Channel {
  readonly #limits: ChannelLimits;
  readonly #events: ChannelEvents;
  readonly #stream: Channel;
  readonly #post: (datagram: Bytes) => void;
  readonly #token = randomBytes(tokenBytes).toString("hex");
  readonly #secret = randomBytes(secretBytes);
  #mode: "datagrams" | "stream" = "stream";
  #stretch = 0;
  #number = 0;
  #isHeard = false;
  #deafBeats = 0;
  #turn: Bytes[] = [];
  #turnBytes = 0;

  /** `dial` makes the stream; `post` sends to the same place. */
  constructor(
    limits: ChannelLimits,
    events: ChannelEvents,
    dial: (events: ChannelEvents) => Channel,
    post: (datagram: Bytes) => void,
  ) {
    this.#limits = limits;
    this.#events = events;
    this.#post = post;
    this.#stream = dial({ ...events, message: (body) => this.#take(body) });
  }

  get connecting(): boolean {
    return this.#stream.connecting;
  }

  get bytesQueued(): number {
    return this.#turnBytes + this.#stream.bytesQueued;
  }

  greet(greeting: Greeting): void {
    this.#stream.greet(greeting);
  }

  open(): void {
    this.#stream.open();
    this.#say({ kind: "offer", token: this.#token, secret: this.#secret });
    this.#say({ kind: "resume", stretch: ++this.#stretch });
  }

  refuse(greeting: Greeting): void {
    this.#stream.refuse(greeting);
  }

  send(body: Bytes): boolean {
    const bytes = body.length + 6;
    if (this.#stretch === 0 || this.bytesQueued + bytes + spareBytes > this.#limits.queueBytesMax) return false;
    if (this.#turn.length === 0) process.nextTick(() => this.#flush());
    this.#turn.push(body);
    this.#turnBytes += bytes;
    return true;
  }

  ping(): void {
    this.#stream.ping();
  }

  beat(): void {
    this.#stream.beat();
    if (++this.#deafBeats > deafBeatsMax) this.#isHeard = false;
    this.#probe();
  }

  destroy(problem: string, misbehaved?: boolean): void {
    this.#stretch = 0;
    this.#stream.destroy(problem, misbehaved);
  }

  async finish(): Promise<void> {
    this.#flush();
    this.#stretch = 0;
    await this.#stream.finish();
  }

  #flush(): void {
    const frames = this.#turn;
    this.#turn = [];
    this.#turnBytes = 0;
    if (frames.length === 0 || this.#stretch === 0) return;
    const isFew = frames.length <= datagramsMax && frames.every((body) => body.length <= datagramBodyBytesMax);
    if (isFew && this.#isHeard && this.#mode === "datagrams") {
      for (const body of frames) this.#sign(datagramKinds.frame, body);
      return;
    }
    if (this.#mode === "datagrams") this.#say({ kind: "pause", number: this.#number });
    this.#mode = "stream";
    for (const body of frames) this.#say({ kind: "message", body });
    this.#say({ kind: "resume", stretch: ++this.#stretch });
  }

  #take(bytes: Bytes): void {
    const frame = this.#parse(bytes);
    if (frame?.kind === "message") this.#events.message(frame.body);
    else if (frame?.kind === "ready") this.#resume(frame.stretch);
    else if (frame?.kind === "heard") {
      this.#isHeard = true;
      this.#deafBeats = 0;
    }
  }

  #resume(stretch: number): void {
    if (stretch !== this.#stretch) return; // more went on the stream meanwhile
    this.#mode = "datagrams";
    if (!this.#isHeard) this.#probe();
  }

  #probe(): void {
    if (this.#stretch > 0 && this.#mode === "datagrams") this.#sign(datagramKinds.probe, new Uint8Array(0));
  }

  #sign(kind: number, body: Bytes): void {
    const [token, stretch, number] = [this.#token, this.#stretch, ++this.#number];
    this.#post(encodeDatagram({ kind, token, stretch, number, body }, this.#secret));
  }

  #say(frame: StreamFrame): void {
    this.#stream.send(encodeStreamFrame(frame));
  }

  #parse(bytes: Bytes): StreamFrame | undefined {
    try {
      return decodeStreamFrame(bytes);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.destroy(error.message, true);
      return undefined;
    }
  }
}
