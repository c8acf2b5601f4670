import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Bytes } from "../../../base/bytes.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import type { Channel, ChannelEvents, ChannelLimits } from "../links/channel.ts";
import { realTimers } from "../timers.ts";
import { AcceptedChannel } from "./accepted-channel.ts";
import { encodeDatagram, readDatagram } from "./datagram.ts";
import { DialledChannel } from "./dialled-channel.ts";

const limits: ChannelLimits = {
  frameBytesMax: 1024 * 1024,
  queueBytesMax: 4 * 1024 * 1024,
  handshakeMs: 1000,
  beatMs: 1000,
  silentBeatsMax: 5,
  timers: realTimers,
};

/** One end of a stream that loses nothing, a turn later. */
class StreamEnd implements Channel {
  readonly connecting = false;
  readonly bytesQueued = 0;
  other: ChannelEvents | undefined;
  count = 0;

  greet(): void {}
  open(): void {}
  refuse(): void {}
  ping(): void {}
  beat(): void {}

  send(body: Bytes): boolean {
    this.count++;
    setImmediate(() => this.other?.message(body));
    return true;
  }

  destroy(problem: string, misbehaved = false): void {
    this.other?.closed(problem, misbehaved);
  }

  async finish(): Promise<void> {}
}

let dialled: DialledChannel;
let stream: StreamEnd;
let posted: Buffer[];
let got: string[];
let problems: string[];
let arrive: (bytes: Buffer) => boolean;

function eventsTo(texts: string[]): ChannelEvents {
  return {
    greeted: () => {},
    message: (body) => texts.push(fromUtf8(body)),
    answered: () => {},
    closed: (problem) => problems.push(problem),
  };
}

async function turns(count = 6): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

beforeEach(async () => {
  [posted, got, problems] = [[], [], []];
  stream = new StreamEnd();
  const back = new StreamEnd();
  const channels = new Map<string, AcceptedChannel>();
  const registry = {
    add: (token: string, channel: AcceptedChannel) => void channels.set(token, channel),
    remove: (token: string) => void channels.delete(token),
  };
  new AcceptedChannel(eventsTo(got), registry, (events) => {
    stream.other = events;
    return back;
  });
  const dial = (events: ChannelEvents): Channel => {
    back.other = events;
    return stream;
  };
  dialled = new DialledChannel(limits, eventsTo([]), dial, (datagram) => posted.push(Buffer.from(datagram)));
  arrive = (bytes) => {
    const datagram = readDatagram(bytes, (token) => channels.get(token)?.secret);
    if (datagram) channels.get(datagram.token)?.arrive(datagram);
    return datagram !== undefined;
  };
  dialled.open();
  await turns();
  for (const probe of posted.splice(0)) arrive(probe);
  await turns();
});

async function send(...texts: readonly string[]): Promise<void> {
  for (const text of texts) dialled.send(toUtf8(text));
  await turns(1);
}

describe("frames by datagram and by stream", () => {
  test("go as datagrams when they are few and small, and on the stream when not", async () => {
    const before = stream.count;
    await send("small");
    const small = [posted.length, stream.count - before];
    await send("x".repeat(1201));
    const large = [posted.length, stream.count - before];

    expect(small).toEqual([1, 0]);
    expect(large).toEqual([1, 3]); // a pause, the frame, and the end of the pause
  });

  test("stay in order, whichever way they go", async () => {
    await send("1", "2");
    await send("x".repeat(2000));
    await send("3");
    for (const datagram of posted.splice(0)) arrive(datagram);
    await turns();
    await send("4");
    for (const datagram of posted.splice(0)) arrive(datagram);

    expect(got.map((text) => text.slice(0, 1))).toEqual(["1", "2", "x", "3", "4"]);
  });

  test("that come late, or twice, are not taken; those that are lost are lost", async () => {
    await send("1");
    await send("2");
    await send("3");
    const [first, second, third] = posted as [Buffer, Buffer, Buffer];

    for (const datagram of [second, first, second, third, third]) arrive(datagram);

    expect(got).toEqual(["2", "3"]);
  });

  test("that were lost before others on the stream hold those up for a moment only", async () => {
    await send("lost");
    await send("y".repeat(2000));
    await turns();

    expect(got.map((text) => text.slice(0, 1))).toEqual(["y"]);
    expect(problems).toEqual([]);
  });

  test("are taken only as they were signed", async () => {
    await send("true");
    const [datagram] = posted as [Buffer];

    fc.assert(
      fc.property(fc.nat({ max: datagram.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const forged = Buffer.from(datagram);
        forged[at] = (forged[at] as number) ^ change;
        expect(arrive(forged)).toBe(false);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !arrive(Buffer.from(bytes))));

    expect(got).toEqual([]);
    expect(arrive(datagram)).toBe(true);
    expect(got).toEqual(["true"]);
  });

  test("go on the stream again when no probe comes through any more", async () => {
    await send("datagram");
    for (let beat = 0; beat < 5; beat++) dialled.beat();
    const isFrame = (datagram: Buffer): boolean => datagram[3] === 0;
    await send("stream");
    await turns();

    expect(posted.filter(isFrame)).toHaveLength(1);
    expect(got).toEqual(["stream"]);
  });
});

test("a datagram comes out as it went in", () => {
  const secret = new Uint8Array(32);
  const datagram = { kind: 0, token: "0011223344556677", stretch: 5, number: 2 ** 40, body: toUtf8("x") };

  expect(readDatagram(Buffer.from(encodeDatagram(datagram, secret)), () => secret)).toEqual(datagram);
});
