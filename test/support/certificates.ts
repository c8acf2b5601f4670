import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certified, makeAuthority, makeCertificate } from "../../src/cli/certificates/certificate.ts";
import type { MemberTls } from "../../src/runtime/tls/credentials.ts";

const dayMs = 24 * 3_600_000;

/** An authority of its own, whose certificates lie in a directory of their own. */
export class Authority implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "quorate-certificates-"));
  readonly ca = join(this.directory, "ca.pem");
  #signer: Certified;

  constructor() {
    this.#signer = makeAuthority({ subject: "tests", from: days(-30), until: days(3650) });
    writeFileSync(this.ca, this.#signer.cert);
  }

  /** Files in which `name` may be found; `names` are what its certificate says, by default the same. */
  issue(name: string, names: readonly string[] = [name], fromDays = -1, untilDays = 365): MemberTls {
    const claims = { subject: name, names, from: days(fromDays), until: days(untilDays) };
    return this.write(name, makeCertificate(claims, this.#signer));
  }

  write(name: string, { cert, key }: Certified): MemberTls {
    const files = {
      cert: join(this.directory, `${name}.pem`),
      key: join(this.directory, `${name}-key.pem`),
      ca: this.ca,
    };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    return files;
  }

  /** From now on certificates come from a new authority, and this one alone is trusted by who reads the file anew. */
  renew(): void {
    this.#signer = makeAuthority({ subject: "renewed", from: days(-1), until: days(3650) });
    writeFileSync(this.ca, this.#signer.cert);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function days(count: number): Date {
  return new Date(Date.now() + count * dayMs);
}
