import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { MalformedError } from "../../base/errors.ts";
import type { Metadata } from "./status.ts";

/** Names that gRPC and HTTP use themselves. */
const reserved = /^(?::|grpc-(?!accept-encoding$)|content-type$|te$|user-agent$|connection$|host$|date$)/;
const namePattern = /^[0-9a-z_.-]+$/;
const textPattern = /^[\x20-\x7e]*$/;

/** Metadata as header fields. Throws a `TypeError` for what cannot be sent: that is the caller's slip. */
export function writeMetadata(metadata: Metadata): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, given] of Object.entries(metadata)) {
    if (!namePattern.test(name) || reserved.test(name)) throw new TypeError(`${name} is no name for metadata`);
    const values = Array.isArray(given) ? given : [given];
    headers[name] = values.map((value: string | Uint8Array) => writeValue(name, value));
  }
  return headers;
}

function writeValue(name: string, value: string | Uint8Array): string {
  if (name.endsWith("-bin")) {
    if (typeof value === "string") throw new TypeError(`${name} takes bytes`);
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64").replace(/=+$/, "");
  }
  if (typeof value !== "string" || !textPattern.test(value)) throw new TypeError(`${name} takes visible ASCII`);
  return value;
}

/** The metadata among header fields. Bytes may come with or without padding, and several in one field. */
export function readMetadata(headers: IncomingHttpHeaders): Metadata {
  const metadata: Record<string, string | Uint8Array | (string | Uint8Array)[]> = {};
  for (const [name, given] of Object.entries(headers)) {
    if (given === undefined || reserved.test(name)) continue;
    const values = [given].flat();
    const read = name.endsWith("-bin")
      ? values.flatMap((value) => value.split(",")).map((value) => Buffer.from(value.trim(), "base64"))
      : values;
    metadata[name] = read.length === 1 ? (read[0] as string | Uint8Array) : read;
  }
  return metadata;
}

const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** A `grpc-timeout` in ms. Throws `MalformedError`. */
export function readTimeout(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (digits === undefined) throw new MalformedError("grpc-timeout");
  return Number(digits) * (units[unit] as number);
}

/** Milliseconds as a `grpc-timeout`, rounded up, in the finest unit that has room for it. */
export function writeTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  if (whole < 1e8) return `${whole}m`;
  const seconds = Math.ceil(whole / 1000);
  return seconds < 1e8 ? `${seconds}S` : `${Math.min(99_999_999, Math.ceil(seconds / 3600))}H`;
}
