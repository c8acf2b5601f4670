import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import type { Channel, ChannelEvents } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { type Datagram, datagramKinds } from "./datagram.ts";
import { decodeStreamFrame, encodeStreamFrame, type StreamFrame } from "./stream-frame.ts";

/** Where datagrams find their channel. */
export interface Registry {
  add(token: string, channel: AcceptedChannel): void;
  remove(token: string): void;
}

/** The other end of a `DialledChannel`: takes datagrams and what comes on the stream, in the order they were sent. */
export class AcceptedChannel implements Channel {
  readonly #events: ChannelEvents;
  readonly #registry: Registry;
  readonly #stream: Channel;
  #token: string | undefined;
  #secret: Bytes | undefined;
  #stretch = 0;
  #number = 0;
  /** Frames from the stream, behind datagrams that may be on their way; they wait for two turns of the loop. */
  #held: StreamFrame[] | undefined;

  constructor(events: ChannelEvents, registry: Registry, open: (events: ChannelEvents) => Channel) {
    this.#events = events;
    this.#registry = registry;
    this.#stream = open({
      ...events,
      message: (body) => this.#take(body),
      closed: (problem, misbehaved) => {
        if (this.#token !== undefined) registry.remove(this.#token);
        events.closed(problem, misbehaved);
      },
    });
  }

  get connecting(): boolean {
    return this.#stream.connecting;
  }

  get bytesQueued(): number {
    return this.#stream.bytesQueued;
  }

  /** By which datagrams are signed. */
  get secret(): Bytes | undefined {
    return this.#secret;
  }

  /** A datagram that this channel's other end has signed. */
  arrive({ kind, stretch, number, body }: Datagram): void {
    if (stretch !== this.#stretch || number <= this.#number) return; // late, or for the second time
    this.#number = number;
    if (kind === datagramKinds.probe) this.#say({ kind: "heard" });
    else this.#events.message(body);
  }

  greet(greeting: Greeting): void {
    this.#stream.greet(greeting);
  }

  open(): void {
    this.#stream.open();
  }

  refuse(greeting: Greeting): void {
    this.#stream.refuse(greeting);
  }

  send(body: Bytes): boolean {
    return this.#stream.send(encodeStreamFrame({ kind: "message", body }));
  }

  ping(): void {
    this.#stream.ping();
  }

  beat(): void {
    this.#stream.beat();
  }

  destroy(problem: string, misbehaved?: boolean): void {
    this.#stream.destroy(problem, misbehaved);
  }

  finish(): Promise<void> {
    return this.#stream.finish();
  }

  #take(bytes: Bytes): void {
    try {
      const frame = decodeStreamFrame(bytes);
      if (this.#held !== undefined) this.#held.push(frame);
      else this.#obey(frame);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.destroy(error.message, true);
    }
  }

  #obey(frame: StreamFrame): void {
    switch (frame.kind) {
      case "message":
        this.#events.message(frame.body);
        return;
      case "offer":
        if (this.#token !== undefined) throw new MalformedError("a second offer of datagrams");
        this.#token = frame.token;
        this.#secret = frame.secret;
        this.#registry.add(frame.token, this);
        return;
      case "pause":
        if (frame.number > this.#number) this.#hold();
        return;
      case "resume":
        this.#stretch = frame.stretch;
        this.#say({ kind: "ready", stretch: frame.stretch });
        return;
      case "ready":
      case "heard":
        throw new MalformedError("an answer to what was not asked");
    }
  }

  /** What is on its way on this machine comes with the next turn; what takes longer is lost. */
  #hold(): void {
    this.#held = [];
    setImmediate(() =>
      setImmediate(() => {
        const frames = this.#held ?? [];
        this.#held = undefined;
        this.#stretch = 0;
        for (const frame of frames) {
          if (this.#held) (this.#held as StreamFrame[]).push(frame);
          else this.#obey(frame);
        }
      }),
    );
  }

  #say(frame: StreamFrame): void {
    this.#stream.send(encodeStreamFrame(frame));
  }
}
