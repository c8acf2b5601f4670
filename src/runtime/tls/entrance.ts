import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Timers } from "../transports/timers.ts";
import type { Credentials, Pem } from "./credentials.ts";
import { describeSocketError, memberTls } from "./identity.ts";

/** Connections that have not come through the TLS handshake; the oldest goes when one more comes. */
const entrantsMax = 64;

/** The first byte of a TLS handshake (RFC 8446 §5.1). */
export const tlsFirstByte = 22;

/** Whom an entrance hands sockets to. */
export interface EntranceEvents {
  /** Encrypted from now on. Who is there has shown a certificate that is trusted, or not: see `authorized`. */
  secured(socket: TLSSocket): void;
  /** Speaks something else. Its first bytes are still to be read. */
  plain(socket: Socket): void;
  /** Did not come through. */
  failed(remote: string, problem: string): void;
}

/** Bounds of the way in. */
export interface EntranceLimits {
  readonly handshakeMs: number;
  readonly timers: Timers;
}

interface Entrant {
  readonly socket: Socket;
  readonly remote: string;
  readonly cancelLate: () => void;
}

/** Tells TLS from anything else by the first byte, and shakes hands. */
export class Entrance {
  readonly #server: Server;
  readonly #limits: EntranceLimits;
  readonly #events: EntranceEvents;
  /** By the other end's address and port. */
  readonly #entrants = new Map<string, Entrant>();

  constructor(credentials: Credentials, limits: EntranceLimits, events: EntranceEvents) {
    this.#limits = limits;
    this.#events = events;
    // Who is not trusted is refused after the handshake, so that it can be told why.
    const policy = { requestCert: true, rejectUnauthorized: false };
    this.#server = createServer({ ...memberTls, ...policy, ...credentials.pem });
    this.#server.on("secureConnection", (socket) => {
      if (this.#leave(placeOf(socket))) events.secured(socket);
      else socket.destroy();
    });
    this.#server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      const entrant = this.#leave(placeOf(socket));
      if (entrant) events.failed(entrant.remote, describeSocketError(error));
      socket.destroy();
    });
  }

  /** What to show, and whom to trust, from the next connection on. */
  renew(pem: Pem): void {
    this.#server.setSecureContext({ ...memberTls, ...pem });
  }

  enter(socket: Socket): void {
    const place = placeOf(socket);
    const remote = socket.remoteAddress ?? "an unknown address";
    const fail = (problem: string): void => {
      socket.destroy();
      if (this.#leave(place)) this.#events.failed(remote, problem);
    };
    const late = (): void => fail(`no handshake within ${this.#limits.handshakeMs} ms`);
    const cancelLate = this.#limits.timers.after(this.#limits.handshakeMs, late);
    this.#entrants.set(place, { socket, remote, cancelLate });
    socket.on("error", (error) => fail(describeSocketError(error)));
    socket.once("close", () => fail("closed by the other end"));
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === tlsFirstByte) this.#server.emit("connection", socket);
      else if (this.#leave(place)) {
        this.#events.plain(socket);
        socket.resume();
      }
    });
    if (this.#entrants.size <= entrantsMax) return;
    for (const oldest of this.#entrants.values()) {
      oldest.socket.destroy();
      return;
    }
  }

  close(): void {
    for (const [place, { socket }] of this.#entrants) {
      this.#leave(place);
      socket.destroy();
    }
  }

  #leave(place: string): Entrant | undefined {
    const entrant = this.#entrants.get(place);
    this.#entrants.delete(place);
    entrant?.cancelLate();
    return entrant;
  }
}

function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
