import { constants, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { isNodeId, type NodeId } from "../../base/ids.ts";
import { parseAddress } from "../transports/addresses.ts";
import type { Credentials } from "./credentials.ts";

/** How members shake hands. No tickets: each connection shows its certificate anew. */
export const memberTls: Pick<ConnectionOptions, "minVersion" | "secureOptions"> = {
  minVersion: "TLSv1.3",
  secureOptions: constants.SSL_OP_NO_TICKET,
};

/** How to dial `member`: whoever answers must show a certificate of that member, whatever the host's name. */
export function dialOptions(credentials: Credentials, member: NodeId): ConnectionOptions {
  return {
    ...memberTls,
    secureContext: credentials.context,
    checkServerIdentity: (_, { raw }) => {
      const certificate = new X509Certificate(raw);
      if (isCertificateOf(certificate, member)) return undefined;
      return new Error(`it shows a certificate of ${namesOf(certificate)}`);
    },
  };
}

/**
 * Whether the certificate is `member`'s: its id, letter for letter, is a DNS name among the subject alternative names,
 * or the common name if there are no DNS names. No wildcards. A member named by an address has a certificate for that
 * host, as web servers have.
 */
export function isCertificateOf(certificate: X509Certificate, member: NodeId): boolean {
  if (isNodeId(member)) return certificate.checkHost(member, { subject: "default", wildcards: false }) === member;
  const host = parseAddress(member)?.host ?? "";
  return isIP(host) === 0 ? certificate.checkHost(host) !== undefined : certificate.checkIP(host) !== undefined;
}

/** Whom a certificate is for, in a line for an operator. */
export function namesOf({ subjectAltName, subject }: X509Certificate): string {
  const names = (subjectAltName ?? subject).replaceAll("\n", ", ").replace(/[^\x20-\x7e]/g, "?");
  return names.length <= 100 ? names : `${names.slice(0, 97)}...`;
}

const untrusted = "is signed by an authority that is not trusted";

/** What may be wrong with a certificate, by OpenSSL's names. */
const faults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_SIGNATURE_FAILURE: "is not signed by the authority that it names",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is signed by itself, not by an authority",
  INVALID_PURPOSE: "is for another purpose: it needs both server and client authentication",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
};

const foreign = ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "ERR_SSL_HTTP_REQUEST"];

/** What is wrong with a certificate, if OpenSSL's `code` says that; "its certificate", or another one. */
export function describeFault(code: string, whose = "its certificate"): string | undefined {
  const fault = faults[code];
  return fault === undefined ? undefined : `${whose} ${fault}`;
}

/** What went wrong on a socket, in words where the system has none. */
export function describeSocketError({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  if (foreign.includes(code)) return "it speaks no TLS";
  if (message.includes("before secure TLS connection") || message === "socket hang up") {
    return "it broke off the TLS handshake"; // all that Node says of it
  }
  return describeFault(code) ?? code;
}
