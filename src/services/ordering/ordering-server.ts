import type { NodeId } from "../../base/ids.ts";
import { messageBytesMax } from "../../protocols/message-frame.ts";
import type { MachineNode } from "../../runtime/api.ts";
import { OperatingError } from "../../runtime/errors.ts";
import type { Call } from "../../runtime/grpc/server-call.ts";
import { GrpcError, grpcStatus } from "../../runtime/grpc/status.ts";
import { openNode } from "../../runtime/open-node.ts";
import type { MemberTls } from "../../runtime/tls/credentials.ts";
import type { Address } from "../../runtime/transports/addresses.ts";
import { grpcTransport, protobufBytesMore } from "../../runtime/transports/grpc/grpc.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import { orderMethod, type Update } from "./ordering.ts";
import { orderingMachine } from "./ordering-machine.ts";

/** A member that gives numbers to updates. */
export type OrderingNode = MachineNode<Update, number, void, number>;

/** What a server needs to know; the members alike on all of them. */
export interface OrderingServerOptions {
  readonly id: NodeId;
  /** Where each is reached, by members and clients alike: `host:port`. */
  readonly members: Readonly<Record<NodeId, string>>;
  readonly listen: Address;
  readonly dataDir: string;
  readonly tls?: MemberTls | undefined;
  readonly notice: Notice;
}

const protocol = "multi-paxos";

/** Longest time that an update may take here, in ms, before its client is told to try elsewhere. */
const orderMsMax = 4000;

/** Starts a server: a member of the order, and on the same port the service. Throws what `openNode` throws. */
export async function openOrderingServer(options: OrderingServerOptions): Promise<OrderingNode> {
  const { listen, tls, notice, ...rest } = options;
  let node: OrderingNode | undefined;
  const links = { listen, tls, notice, frameBytesMax: messageBytesMax + protobufBytesMore };
  const transport = grpcTransport(links, protocol, (server) =>
    server.on(orderMethod, (update, call) => order(node, update, call)),
  );
  node = await openNode({ ...rest, notice, transport, protocol, syncPending: true, machine: orderingMachine });
  return node;
}

async function order(node: OrderingNode | undefined, update: Update, { caller }: Call): Promise<number> {
  if (caller.isEncrypted && !caller.isTrusted) {
    throw new GrpcError(grpcStatus.unauthenticated, "a client must show a certificate that is trusted here");
  }
  if (node === undefined) throw new GrpcError(grpcStatus.unavailable, "the server is starting");
  try {
    return await node.execute(update, { timeoutMs: orderMsMax });
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    const status = cause.retry === "never" ? grpcStatus.failedPrecondition : grpcStatus.unavailable;
    throw new GrpcError(status, cause.message, {}, { cause });
  }
}
