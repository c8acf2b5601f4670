/**
 * How many frames a second cross a link, how long one takes there and back, and how much CPU each costs at both ends
 * together: tcp, tcp with TLS, gRPC, udp. Both ends live in this process, on loopback, so CPU is that of both.
 *
 * `npx tsx bench/transports.ts [seconds]`
 */
import { rmSync } from "node:fs";
import type { MemberTls } from "../src/runtime/tls/credentials.ts";
import { makeTransport, type TransportKind } from "../src/runtime/transport-kinds.ts";
import type { LinkedTransport } from "../src/runtime/transports/links/linked-transport.ts";
import type { TransportOwner } from "../src/runtime/transports/transport.ts";
import { Authority } from "../test/support/certificates.ts";

const seconds = Number(process.argv[2] ?? 2);
const rounds = 3;
const frameBytesMax = 16 * 1024 * 1024;

class End implements TransportOwner {
  readonly clusterId = "bench";
  readonly speaks = 2;
  readonly id: string;
  received = 0;
  isUp = false;
  heard: (frame: Uint8Array) => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  receive(_: string, frame: Uint8Array): void {
    this.received++;
    this.heard(frame);
  }

  link(_: string, up: boolean): void {
    this.isUp = up;
  }
}

interface Figures {
  readonly rate: number;
  readonly cpuUs: number;
}

/** Frames sent 64 at a time, the next ones as soon as half of those are there, as appends in flight are. */
async function flood(from: LinkedTransport, to: End, bytes: number): Promise<Figures> {
  const frame = new Uint8Array(bytes);
  const inFlightMax = 64;
  let sent = 0;
  const start = { cpu: process.cpuUsage(), at: performance.now(), received: to.received };
  const arrived = (): number => to.received - start.received;
  while (performance.now() - start.at < seconds * 1000) {
    while (sent - arrived() < inFlightMax) {
      from.send(to.id, frame);
      sent++;
    }
    const stuckAt = performance.now();
    while (sent - arrived() >= inFlightMax / 2) {
      await new Promise(setImmediate);
      if (performance.now() - stuckAt > 50) sent = arrived(); // what is lost is lost
    }
  }
  const { user, system } = process.cpuUsage(start.cpu);
  const ms = performance.now() - start.at;
  return { rate: (arrived() / ms) * 1000, cpuUs: (user + system) / arrived() };
}

/** One frame after the other, there and back; p50 and p99 in us. */
async function pingPong(a: LinkedTransport, b: LinkedTransport, ends: readonly [End, End]): Promise<[number, number]> {
  const frame = new Uint8Array(64);
  const took: number[] = [];
  await new Promise((resolve) => setTimeout(resolve, 500)); // what is on its way from before must not be taken for it
  ends[1].heard = (got) => b.send("a", got);
  const end = performance.now() + seconds * 1000;
  for (let turn = 0; performance.now() < end; turn++) {
    const at = performance.now();
    frame[0] = turn; // so that one that comes too late is not taken for a later one
    const back = new Promise<boolean>((resolve) => {
      ends[0].heard = (got) => {
        if (got[0] === frame[0]) resolve(true);
      };
      setTimeout(resolve, 100, false).unref();
    });
    a.send("b", frame);
    if (await back) took.push((performance.now() - at) * 1000);
  }
  ends[1].heard = () => {};
  took.sort((x, y) => x - y);
  return [took[Math.floor(took.length * 0.5)] ?? 0, took[Math.floor(took.length * 0.99)] ?? 0];
}

async function measure(name: string, kind: TransportKind, tls: MemberTls | undefined): Promise<void> {
  const listen = { host: "127.0.0.1", port: 0 };
  const ends = [new End("a"), new End("b")] as const;
  const [a, b] = ends.map(() => makeTransport(kind, frameBytesMax, { listen, notice: () => {}, tls })) as [
    LinkedTransport,
    LinkedTransport,
  ];
  await Promise.all([a.start(ends[0]), b.start(ends[1])]);
  a.setMembers([{ id: "b", address: `127.0.0.1:${b.port}` }]);
  b.setMembers([{ id: "a", address: `127.0.0.1:${a.port}` }]);
  while (!ends.every(({ isUp }) => isUp)) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 1500)); // a beat, after which datagrams are known to come through
  const small = await flood(a, ends[1], 64);
  const large = await flood(a, ends[1], 16 * 1024);
  const [p50, p99] = await pingPong(a, b, ends);
  const text = (value: number, digits = 0): string => value.toFixed(digits).padStart(9);
  console.log(
    `${name.padEnd(9)}${text(small.rate)}${text(small.cpuUs, 1)}${text(large.rate)}${text(large.cpuUs, 1)}${text(p50)}${text(p99)}`,
  );
  await Promise.all([a.close(), b.close()]);
}

const authority = new Authority();
const tls = authority.issue("both", ["a", "b"]);
console.log("          64 B: /s   us CPU  16 KiB:/s   us CPU  p50 us   p99 us   (there and back)");
for (let round = 0; round < rounds; round++) {
  await measure("tcp", "tcp", undefined);
  await measure("tcp+TLS", "tcp", tls);
  await measure("grpc", "grpc", undefined);
  await measure("grpc+TLS", "grpc", tls);
  await measure("udp", "udp", undefined);
}
rmSync(authority.directory, { recursive: true, force: true });
