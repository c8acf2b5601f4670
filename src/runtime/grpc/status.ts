import { constants } from "node:http2";

/** How a call ended, by the numbers of gRPC. */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** One of the numbers above. */
export type GrpcStatus = (typeof grpcStatus)[keyof typeof grpcStatus];

const statusMax = grpcStatus.unauthenticated;

/** A call that did not end well: thrown by handlers to say so, and by clients that were told. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: GrpcStatus;
  /** What came, or goes, with the status. */
  readonly trailers: Metadata;

  constructor(status: GrpcStatus, message: string, trailers: Metadata = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.status = status;
    this.trailers = trailers;
  }
}

/**
 * What travels beside the messages, by name in lower case. Names that end in `-bin` have bytes, all others text of
 * visible ASCII and spaces; a name may come more than once.
 */
export type Metadata = Readonly<Record<string, string | Uint8Array | readonly (string | Uint8Array)[]>>;

/** The status that a `grpc-status` names; what is none is unknown. */
export function readStatus(text: string): GrpcStatus {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : grpcStatus.unknown;
  return (number <= statusMax ? number : grpcStatus.unknown) as GrpcStatus;
}

/** A message as `grpc-message` carries it: UTF-8, all but visible ASCII as %XX. Cut to what fits in a head. */
export function encodeMessage(message: string): string {
  const cut = message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message;
  if (/^[\x20-\x24\x26-\x7e]*$/.test(cut)) return cut;
  let text = "";
  for (const byte of Buffer.from(cut)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

const messageLengthMax = 1024;

/** The same the other way; what is not well encoded stays as it is. */
export function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** What an answer without a `grpc-status` means: it came from something between us and the server. */
export function statusOfHttp(status: number): GrpcStatus {
  switch (status) {
    case 400:
      return grpcStatus.internal;
    case 401:
      return grpcStatus.unauthenticated;
    case 403:
      return grpcStatus.permissionDenied;
    case 404:
      return grpcStatus.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return grpcStatus.unavailable;
    default:
      return grpcStatus.unknown;
  }
}

/** What it means that the other end reset the stream, by the code it gave. */
export function statusOfReset(code: number): GrpcStatus {
  switch (code) {
    case constants.NGHTTP2_REFUSED_STREAM:
      return grpcStatus.unavailable;
    case constants.NGHTTP2_CANCEL:
      return grpcStatus.cancelled;
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return grpcStatus.resourceExhausted;
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return grpcStatus.permissionDenied;
    default:
      return grpcStatus.internal;
  }
}
