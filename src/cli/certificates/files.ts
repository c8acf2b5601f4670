import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certified, makeAuthority, makeCertificate } from "./certificate.ts";

/** What is to lie in a directory. */
export interface CertificatesAsked {
  /** Members, one certificate each. */
  readonly ids: readonly string[];
  /** Host names and IP addresses under which clients reach them, in the certificate of every member. */
  readonly names: readonly string[];
  readonly days: number;
  /** Replaces certificates of members and clients that are there; never the authority. */
  readonly renew: boolean;
}

/** The name of the certificate that clients show; no member has it. */
export const clientName = "client";

const authorityDays = 3650;
const dayMs = 24 * 3_600_000;
/** Clocks differ: a certificate is valid from a little before it was made. */
const headstartMs = 3_600_000;

/** Makes an authority unless one is there, and a certificate for each member and for clients; says what it wrote. */
export function makeCertificates(directory: string, { ids, names, days, renew }: CertificatesAsked): string[] {
  mkdirSync(directory, { recursive: true });
  const written: string[] = [];
  const write = (name: string, { cert, key }: Certified): void => {
    for (const [file, content, mode] of [
      [`${name}.pem`, cert, 0o644],
      [`${name}-key.pem`, key, 0o600],
    ] as const) {
      writeFileSync(join(directory, file), content, { mode });
      written.push(file);
    }
  };
  const isThere = (name: string): boolean => existsSync(join(directory, `${name}.pem`));
  if (!isThere("ca")) write("ca", makeAuthority({ subject: "quorate", ...validFor(authorityDays) }));
  const read = (file: string): string => readFileSync(join(directory, file), "utf8");
  const authority = { cert: read("ca.pem"), key: read("ca-key.pem") };
  const issue = (subject: string, own: readonly string[]): void => {
    if (isThere(subject) && !renew) return;
    write(subject, makeCertificate({ subject, names: own, ...validFor(days) }, authority));
  };
  for (const id of ids) issue(id, [...new Set([id, "localhost", "127.0.0.1", "::1", ...names])]);
  issue(clientName, []);
  return written;
}

function validFor(days: number): { readonly from: Date; readonly until: Date } {
  return { from: new Date(Date.now() - headstartMs), until: new Date(Date.now() + days * dayMs) };
}
