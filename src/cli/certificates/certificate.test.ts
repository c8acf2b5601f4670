import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Authority } from "../../../test/support/certificates.ts";
import { makeAuthority, makeCertificate } from "./certificate.ts";

const from = new Date("2026-01-01T00:00:00Z");
const until = new Date("2060-01-01T00:00:00Z");

describe("a certificate made here", () => {
  const authority = makeAuthority({ subject: "ca", from, until });

  test("is signed by its authority, and says what it was told", () => {
    const names = ["n1", "localhost", "127.0.0.1", "::1", "fd00::1:2", "::ffff:1.2.3.4"];

    const { cert, key } = makeCertificate({ subject: "n1", names, from, until }, authority);
    const read = new X509Certificate(cert);

    expect(read.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(read.checkIssued(new X509Certificate(authority.cert))).toBe(true);
    expect(names.map((name) => read.checkHost(name) ?? read.checkIP(name))).toEqual(names);
    expect([read.subject, read.issuer, read.ca]).toEqual(["CN=n1", "CN=ca", false]);
    expect([read.validFrom, read.validTo].map((text) => new Date(text))).toEqual([from, until]);
    expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(key).toContain("BEGIN PRIVATE KEY");
  });

  test("is right by OpenSSL's strict rules", async ({ skip }) => {
    using files = new Authority();
    const { cert } = files.issue("n1", ["n1", "10.0.0.1"]);

    const { error, stdout, stderr } = spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", files.ca, cert]);
    skip(error !== undefined, "there is no openssl here");

    expect([stdout.toString(), stderr.toString()]).toEqual([`${cert}: OK\n`, ""]);
  });

  test("has a serial number of its own", () => {
    const serials = Array.from({ length: 50 }, () => {
      return new X509Certificate(makeCertificate({ subject: "n1", from, until }, authority).cert).serialNumber;
    });

    expect(new Set(serials).size).toBe(50);
  });

  test("of an authority signs itself, and may sign others", () => {
    const read = new X509Certificate(authority.cert);

    expect(read.ca).toBe(true);
    expect(read.verify(read.publicKey)).toBe(true);
  });
});
