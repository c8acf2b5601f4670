import { connect, type Socket } from "node:net";

/** What a group of clients saw; times in ms. */
export interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/** Pushes to stack 1 over raw keep-alive sockets, one request at a time on each: too cheap to be the bottleneck. */
export async function runClients(ports: readonly number[], clients: number, seconds: number): Promise<Figures> {
  const times: number[] = [];
  let failed = 0;
  let isOver = false;
  const sockets = await Promise.all(Array.from({ length: clients }, (_, at) => open(ports[at % ports.length] ?? 0)));
  const done = sockets.map((socket, client) => {
    let sent = 0;
    let sentAt = 0;
    const send = () => {
      const body = `1,${client}-${++sent}`;
      sentAt = performance.now();
      socket.write(`POST /sPush HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    };
    return new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("data", (data: Buffer) => {
        times.push(performance.now() - sentAt);
        if (data.toString("latin1", 9, 12) !== "200") failed++;
        if (isOver) resolve();
        else send();
      });
      send();
    });
  });
  const start = performance.now();
  setTimeout(() => {
    isOver = true;
  }, seconds * 1000);
  await Promise.all(done);
  const took = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  times.sort((one, other) => one - other);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { rate: times.length / took, p50: at(0.5), p99: at(0.99), failed };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}
