import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import type { Bytes } from "../../base/bytes.ts";
import { bitString, field, integer, objectId, octetString, sequence, setOf, time, utf8String, yes } from "./der.ts";

/** A certificate and its key, both as PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface Claims {
  /** Whom it is for: the common name. */
  readonly subject: string;
  /** Further names, host names or IP addresses; of a leaf only. */
  readonly names?: readonly string[];
  readonly from: Date;
  readonly until: Date;
}

const ids = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKey: "2.5.29.35",
  extendedUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** An authority that signs itself. */
export function makeAuthority(claims: Claims): Certified {
  const { publicKey, privateKey } = newKeys();
  const extensions = [
    extension(ids.basicConstraints, sequence(yes()), true),
    extension(ids.keyUsage, bitString(Uint8Array.of(0x06), 1), true), // signs certificates and lists of revoked ones
    extension(ids.subjectKey, octetString(fingerprint(publicKey))),
  ];
  const cert = issue(claims, claims.subject, publicKey, privateKey, extensions);
  return { cert, key: pem(privateKey) };
}

/** A certificate for either end of a connection, signed by `authority`. */
export function makeCertificate(claims: Claims, authority: Certified): Certified {
  const { publicKey, privateKey } = newKeys();
  const signer = new X509Certificate(authority.cert);
  const names = (claims.names ?? []).map((name) => {
    return isIP(name) === 0 ? field(2, Buffer.from(name), "instead") : field(7, addressBytes(name), "instead");
  });
  const extensions = [
    extension(ids.basicConstraints, sequence(), true),
    extension(ids.keyUsage, bitString(Uint8Array.of(0x80), 7), true), // signs handshakes
    extension(ids.extendedUsage, sequence(objectId(ids.serverAuth), objectId(ids.clientAuth))),
    extension(ids.subjectKey, octetString(fingerprint(publicKey))),
    extension(ids.authorityKey, sequence(field(0, fingerprint(signer.publicKey), "instead"))),
    ...(names.length === 0 ? [] : [extension(ids.alternativeNames, sequence(...names))]),
  ];
  const issuer = /^CN=(.*)$/m.exec(signer.subject)?.[1] ?? "";
  const cert = issue(claims, issuer, publicKey, createPrivateKey(authority.key), extensions);
  return { cert, key: pem(privateKey) };
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

function issue(
  claims: Claims,
  issuer: string,
  publicKey: KeyObject,
  signer: KeyObject,
  list: readonly Bytes[],
): string {
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const content = sequence(
    field(0, integer(Uint8Array.of(2)), "around"), // version 3
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer),
    sequence(time(claims.from), time(claims.until)),
    distinguishedName(claims.subject),
    publicKey.export({ type: "spki", format: "der" }),
    field(3, sequence(...list), "around"),
  );
  const whole = sequence(content, algorithm, bitString(sign("sha256", content, signer)));
  const lines =
    Buffer.from(whole)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Bytes {
  return sequence(setOf(sequence(objectId(ids.commonName), utf8String(commonName))));
}

function extension(id: string, content: Bytes, isCritical = false): Bytes {
  return sequence(objectId(id), ...(isCritical ? [yes()] : []), octetString(content));
}

function fingerprint(key: KeyObject): Bytes {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

function addressBytes(address: string): Bytes {
  if (isIP(address) === 4) return Uint8Array.from(address.split(".").map(Number));
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array(8 - (before?.length ?? 0) - (after?.length ?? 0)).fill("0");
  const groups = [...(before ?? []), ...zeros, ...(after ?? [])].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]));
}

function pem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}
