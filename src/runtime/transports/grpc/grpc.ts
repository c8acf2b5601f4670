import { type Bytes, bytesCodec } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { GrpcServer } from "../../grpc/server.ts";
import type { Call, Caller as GrpcCaller } from "../../grpc/server-call.ts";
import { GrpcError, grpcStatus } from "../../grpc/status.ts";
import type { LogProtocolName } from "../../protocols/kinds.ts";
import { dialOptions } from "../../tls/identity.ts";
import type { Address } from "../addresses.ts";
import type { Caller, Channel, ChannelEvents, Door, Medium, MediumOptions } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { type LinkedTransport, type LinkOptions, linkedTransport } from "../links/linked-transport.ts";
import { AcceptedChannel } from "./accepted-channel.ts";
import { DialledChannel, greetingKey, type MessagesMethod } from "./dialled-channel.ts";
import { decodeIdentity } from "./greeting-codec.ts";

/** The methods of protocols whose messages have schemas, under proto/. */
const paths: Readonly<Record<LogProtocolName, string>> = {
  raft: "/quorate.raft.v1.Raft/Messages",
  "multi-paxos": "/quorate.multipaxos.v1.MultiPaxos/Messages",
};

/** What Protocol Buffers may take more than the native encoding of a message. */
export const protobufBytesMore: number = 1024 * 1024;

/** Adds methods for others than members, who find them on the members' port. */
export type ServeMore = (server: GrpcServer) => void;

/** Bytes that a member may send ahead of their being read: more than one longest frame leaves a link idle. */
const windowBytes = 8 * 1024 * 1024;

const connectionsMax = 128;

/** A member has one call open; others, where something is served to them, as many as this. */
const memberCallsMax = 4;
const callsMax = 128;

/**
 * Carries messages over gRPC, as members written in another language can: proto/quorate/members/v1/members.proto.
 *
 * Frames must be messages of the protocol as Protocol Buffers. `serve` adds what others may call. Throws `OptionError`.
 */
export function grpcTransport(
  options: LinkOptions,
  protocol: LogProtocolName = "raft",
  serve?: ServeMore,
): LinkedTransport {
  const method: MessagesMethod = {
    kind: "bidirectional",
    path: paths[protocol],
    request: bytesCodec,
    response: bytesCodec,
  };
  return linkedTransport(options, (shared) => new GrpcMedium(method, shared, serve), { encoding: "protobuf" });
}

class GrpcMedium implements Medium {
  readonly #method: MessagesMethod;
  readonly #options: MediumOptions;
  readonly #serve: ServeMore | undefined;
  #server: GrpcServer | undefined;

  constructor(method: MessagesMethod, options: MediumOptions, serve: ServeMore | undefined) {
    this.#method = method;
    this.#options = options;
    this.#serve = serve;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  dial(peer: NodeId, { host, port }: Address, hello: Greeting, events: ChannelEvents): Channel {
    const { credentials, limits } = this.#options;
    const tls = credentials && dialOptions(credentials, peer);
    const options = { host, port, tls, receiveBytesMax: limits.frameBytesMax };
    return new DialledChannel(options, this.#method, hello, limits, events);
  }

  async listen({ host, port }: Address, door: Door): Promise<void> {
    const { credentials, limits } = this.#options;
    const { beatMs, frameBytesMax, silentBeatsMax } = limits;
    const server = new GrpcServer({
      ...{ host, port, credentials, trust: "report", minVersion: "TLSv1.3", connectionsMax },
      ...{ receiveBytesMax: frameBytesMax, streamWindowBytes: windowBytes, sessionWindowBytes: windowBytes },
      ...{ keepaliveMs: beatMs, keepaliveTimeoutMs: beatMs * silentBeatsMax, pingIntervalMs: 0 },
      callsMax: this.#serve === undefined ? memberCallsMax : callsMax,
      onFailed: (remote, problem) => door.failed(remote, problem),
    });
    server.on(this.#method, (requests, call) => this.#accept(requests, call, door));
    this.#serve?.(server);
    await server.listen();
    this.#server = server;
  }

  async close(): Promise<void> {
    if (this.#server) await this.#server.close(0);
    else this.#options.credentials?.close();
  }

  #accept(requests: AsyncIterableIterator<Bytes>, call: Call, door: Door): AsyncIterable<Bytes> {
    const hello = readHello(call, door);
    let channel: AcceptedChannel | undefined;
    door.enter(callerOf(call.caller), (events) => {
      channel = new AcceptedChannel(call, this.#options.limits, events);
      return channel;
    });
    invariant(channel !== undefined, "whoever enters gets a channel");
    void channel.listen(hello, requests);
    return channel;
  }
}

function readHello({ metadata, caller }: Call, door: Door): Greeting {
  const bytes = metadata[greetingKey];
  try {
    if (!(bytes instanceof Uint8Array)) throw new MalformedError(`a call without ${greetingKey}`);
    return { kind: "hello", ...decodeIdentity(bytes) };
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    door.failed(caller.address, cause.message);
    throw new GrpcError(grpcStatus.invalidArgument, cause.message, {}, { cause });
  }
}

function callerOf({ address, certificate, isEncrypted, fault }: GrpcCaller): Caller {
  return isEncrypted ? { remote: address, shown: { certificate, fault } } : { remote: address };
}
