import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { OptionError } from "../errors.ts";
import { type Notice, OnceNotices } from "../transports/notices.ts";
import { realTimers, type Timers } from "../transports/timers.ts";

/** Files, in PEM form, that say who one end of a connection is, and whom it trusts. */
export interface TlsFiles {
  /** The certificate, and the authorities between it and a trusted one. */
  readonly cert: string;
  /** Its private key, not encrypted. */
  readonly key: string;
  /** The trusted authorities. */
  readonly ca?: string;
}

/** The same for links between members, where both ends show and trust. */
export type MemberTls = Required<TlsFiles>;

/** Their content. */
export interface Pem {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

/** Time between two looks at the files. Looking works where watching does not: behind links and on mounted secrets. */
const lookMs = 5000;

const dayMs = 24 * 3_600_000;
const soonDays = 7;

/** A certificate and whom it trusts, read again whenever the files change; what cannot be used is left aside. */
export class Credentials {
  readonly #files: TlsFiles;
  readonly #notice: Notice;
  readonly #notices: OnceNotices;
  readonly #timers: Timers;
  #pem: Pem;
  #context: SecureContext;
  /** Of the files that are in use, and of those that were of no use. */
  #stamp: string;
  #spoiled: string | undefined;
  #changed: (pem: Pem) => void = () => {};
  #cancelLook: () => void = () => {};
  #isClosed = false;

  /** Throws `OptionError`, naming `option`, when the files are of no use. */
  constructor(option: string, files: TlsFiles, notice: Notice, timers: Timers = realTimers) {
    this.#files = files;
    this.#notice = notice;
    this.#notices = new OnceNotices(notice);
    this.#timers = timers;
    try {
      this.#stamp = pathsOf(files)
        .map((path) => stampOf(statSync(path)))
        .join(); // before the content: a later change is seen
      this.#pem = pemOf(
        files,
        pathsOf(files).map((path) => readFileSync(path)),
      );
      this.#context = checked(this.#pem);
    } catch (cause) {
      throw new OptionError(option, problemOf(cause, files));
    }
    this.#tellExpiry();
  }

  /** What is in use at present. */
  get pem(): Pem {
    return this.#pem;
  }

  /** The same, taken in. */
  get context(): SecureContext {
    return this.#context;
  }

  /** Begins to look at the files, and calls back with each new content that can be used. */
  watch(changed: (pem: Pem) => void): void {
    this.#changed = changed;
    this.#lookLater();
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
  }

  #lookLater(): void {
    this.#cancelLook = this.#timers.after(lookMs, () => {
      void this.#look().then(() => {
        if (!this.#isClosed) this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    const paths = pathsOf(this.#files);
    let stamp = "unreadable";
    try {
      stamp = (await Promise.all(paths.map((path) => stat(path)))).map(stampOf).join();
      if (stamp === this.#stamp) return this.#tellExpiry();
      const pem = pemOf(this.#files, await Promise.all(paths.map((path) => readFile(path))));
      const context = checked(pem);
      if (this.#isClosed) return;
      this.#pem = pem;
      this.#context = context;
      this.#stamp = stamp;
      this.#notices.forget("files");
      this.#notices.forget("expiry");
    } catch (cause) {
      // Files are replaced one after the other: only what stays as it is for a while is worth a word.
      const problem = problemOf(cause, this.#files);
      const text = `new certificate files cannot be used, and the former ones stay in use: ${problem}`;
      if (this.#spoiled === stamp) this.#notices.warn("files", problem, text, { ...this.#files });
      this.#spoiled = stamp;
      return;
    }
    this.#spoiled = undefined;
    this.#changed(this.#pem);
    const { validTo } = new X509Certificate(this.#pem.cert);
    this.#notice("info", `new certificate in use, valid until ${validTo}`, { cert: this.#files.cert, validTo });
    this.#tellExpiry();
  }

  #tellExpiry(): void {
    const { validTo } = new X509Certificate(this.#pem.cert);
    const days = (Date.parse(validTo) - Date.now()) / dayMs;
    if (days >= soonDays) return;
    const text = `the certificate in ${this.#files.cert} ${days < 0 ? "has expired" : "expires soon"}: ${validTo}`;
    this.#notices.warn("expiry", days < 0 ? "expired" : "soon", text, { cert: this.#files.cert, validTo });
  }
}

function pathsOf({ cert, key, ca }: TlsFiles): string[] {
  return ca === undefined ? [cert, key] : [cert, key, ca];
}

function stampOf({
  ino,
  size,
  mtimeMs,
}: {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function pemOf(files: TlsFiles, contents: readonly Buffer[]): Pem {
  const [cert, key, ca] = contents as [Buffer, Buffer, Buffer | undefined];
  return files.ca === undefined || ca === undefined ? { cert, key } : { cert, key, ca };
}

/** Takes the content in; throws when it makes no sense or does not fit together. */
function checked(pem: Pem): SecureContext {
  for (const name of ["cert", "ca"] as const) {
    const content = pem[name];
    if (content === undefined) continue;
    try {
      new X509Certificate(content);
    } catch (cause) {
      throw new Error(`${name} holds no certificate in PEM form`, { cause });
    }
  }
  try {
    return createSecureContext(pem);
  } catch (cause) {
    throw new Error(`cert and key do not fit: ${(cause as Error).message}`, { cause });
  }
}

function problemOf(cause: unknown, files: TlsFiles): string {
  const { message } = cause as Error;
  const where = pathsOf(files).some((path) => message.includes(path)) ? "" : ` (${pathsOf(files).join(", ")})`;
  return `${message}${where}`;
}
