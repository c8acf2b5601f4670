import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { type Address, parseAddress } from "../addresses.ts";
import type { LinkStats } from "../transport.ts";
import type { Channel } from "./channel.ts";
import type { Endpoint } from "./endpoint.ts";
import { findMismatch, type Greeting } from "./handshake.ts";

const retryMsMin = 20;
const retryMsMax = 1000;

/** The wait before dialling again: doubling from 20 ms to 1 s, of which a random half is taken. */
export function retryMs(failures: number, random: () => number): number {
  return Math.min(retryMsMin * 2 ** failures, retryMsMax) * (0.5 + random() / 2);
}

/** The way to one member: a connection that this end dials, and dials again, for as long as the link lives. */
export class Link {
  readonly #peer: NodeId;
  readonly #endpoint: Endpoint;
  #addresses: readonly string[];
  /** The one of them that is dialled, or was. */
  #address = "";
  #state: "idle" | "resolving" | "dialling" | "open" | "closed" = "idle";
  /** Of the current dial: what an earlier one still brings is void. */
  #channel: Channel | undefined;
  #dial = 0;
  #cancelRetry: () => void = () => {};
  #failures = 0;
  #openedMs = 0;
  /** Of the peer's start that we are connected to. */
  #session = 0;
  /** Of the protocol, as its greeting said. */
  #speaks = 0;
  #up = false;
  #framesSent = 0;
  #framesReceived = 0;
  #framesDropped: number;

  /** Begins to dial. `framesDropped`: already lost on the way to this peer. */
  constructor(peer: NodeId, addresses: readonly string[], endpoint: Endpoint, framesDropped: number) {
    this.#peer = peer;
    this.#addresses = addresses;
    this.#endpoint = endpoint;
    this.#framesDropped = framesDropped;
    this.#redial();
  }

  get stats(): LinkStats {
    return {
      peer: this.#peer,
      up: this.#up,
      framesSent: this.#framesSent,
      framesReceived: this.#framesReceived,
      framesDropped: this.#framesDropped,
      bytesQueued: this.#channel?.bytesQueued ?? 0,
    };
  }

  send(body: Bytes): void {
    if (body.length > this.#endpoint.limits.frameBytesMax) this.#tellTooLong(body.length);
    else if (this.#channel?.send(body)) {
      this.#framesSent++;
      return;
    }
    this.#framesDropped++;
  }

  countReceived(): void {
    this.#framesReceived++;
  }

  /** Keeps the link, but to other addresses; one that stands at one of them stays as it is. */
  retarget(addresses: readonly string[]): void {
    if (addresses.join() === this.#addresses.join()) return;
    this.#addresses = addresses;
    if (this.#state === "open" && addresses.includes(this.#address)) return;
    this.#failures = 0;
    this.#abandon();
    this.#redial();
  }

  /** The peer has connected to us, so it is there: no use in waiting any longer. */
  wake(session: number): void {
    const stale = this.#state === "open" && session !== this.#session; // of a peer that died unnoticed and is back
    const stuck = this.#state === "dialling" && this.#channel?.connecting === true;
    if (stale || stuck) this.#abandon();
    if (this.#state === "idle") this.#redial();
  }

  /** The peer's own connection to us broke, perhaps because the peer did: down until it answers on ours. */
  doubt(): void {
    if (this.#state !== "open") return;
    this.#channel?.ping();
    this.#report(false);
  }

  /** To be called at a steady pace. */
  beat(): void {
    if (this.#state !== "open") return;
    this.#channel?.beat();
    this.#channel?.ping();
  }

  /** Ends the link for good, without a word to the owner; resolves when what was queued has left, or shortly. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    this.#dial++;
    this.#cancelRetry();
    this.#state = "closed";
    await channel?.finish();
  }

  /** Ends the link for good; says that it is down. */
  remove(): void {
    this.#abandon();
    this.#state = "closed";
  }

  #redial(): void {
    this.#cancelRetry();
    this.#state = "resolving";
    const dial = ++this.#dial;
    this.#address = this.#addresses[this.#failures % this.#addresses.length] as string;
    const target = parseAddress(this.#address);
    if (!target) {
      this.#fail("not an address of the form host:port");
      return;
    }
    this.#endpoint.resolver.find(target.host).then(
      (hosts) => {
        if (dial === this.#dial) this.#connect(hosts, target);
      },
      (error: NodeJS.ErrnoException) => {
        if (dial === this.#dial) this.#fail(error.code ?? error.message);
      },
    );
  }

  #connect(hosts: readonly string[], { port }: Address): void {
    this.#state = "dialling";
    const round = Math.floor(this.#failures / this.#addresses.length);
    const host = hosts[round % hosts.length] as string; // one after the other, should some not answer
    const hello: Greeting = { kind: "hello", ...this.#endpoint.identity(this.#peer) };
    const channel = this.#endpoint.medium.dial(this.#peer, { host, port }, hello, {
      greeted: (greeting) => this.#judge(channel, greeting),
      message: (body) => this.#endpoint.receive(this.#peer, body),
      answered: () => this.#report(true),
      closed: (problem) => {
        if (channel === this.#channel) this.#fail(problem);
      },
    });
    this.#channel = channel;
  }

  #judge(channel: Channel, greeting: Greeting): void {
    if (greeting.kind === "hello") {
      channel.destroy("both ends dialled", true);
      return;
    }
    const refusal = greeting.kind === "refusal" ? greeting : undefined;
    const found = refusal ?? findMismatch(this.#endpoint.identity(this.#peer), greeting);
    if (found) {
      channel.destroy(`${refusal ? "it refused us" : "it does not fit"} (${found.mismatch}): ${found.text}`);
      return;
    }
    channel.open();
    this.#state = "open";
    this.#session = greeting.session;
    this.#speaks = greeting.versions.max;
    this.#openedMs = this.#endpoint.limits.timers.now();
    this.#endpoint.notices.forget(this.#peer);
    this.#report(true);
  }

  /** The dial, or the connection made by it, came to an end by itself. */
  #fail(problem: string): void {
    const { limits, notices, random } = this.#endpoint;
    const wasOpen = this.#state === "open";
    const what = wasOpen ? `the link to ${this.#peer} broke` : `${this.#peer} cannot be reached`;
    const facts = { peer: this.#peer, address: this.#address, problem };
    const where = this.#address === this.#peer ? "" : ` at ${this.#address}`; // an address may be a name, too
    notices.warn(this.#peer, `${wasOpen} ${problem}`, `${what}${where}: ${problem}`, facts);
    const wasSteady = wasOpen && limits.timers.now() - this.#openedMs >= retryMsMax;
    this.#failures = wasSteady ? 0 : this.#failures + 1; // a link that breaks as soon as it is made must not spin
    this.#abandon();
    this.#cancelRetry = limits.timers.after(retryMs(this.#failures, random), () => this.#redial());
  }

  #abandon(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    this.#dial++;
    this.#cancelRetry();
    this.#state = "idle";
    channel?.destroy("abandoned");
    this.#report(false);
  }

  #report(up: boolean): void {
    if (this.#up === up || this.#state === "closed") return;
    this.#up = up;
    this.#endpoint.changed(this.#peer, up, up ? this.#speaks : undefined);
  }

  #tellTooLong(bytes: number): void {
    const max = this.#endpoint.limits.frameBytesMax;
    const text = `a frame of ${bytes} bytes to ${this.#peer} was dropped: the limit is ${max}`;
    this.#endpoint.notices.warn(this.#peer, "too long", text, { peer: this.#peer, bytes, max });
  }
}
