import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import * as v from "@badrap/valita";
import { MalformedError } from "../../base/errors.ts";
import { BusyError, TooLargeError } from "../../runtime/errors.ts";
import { firstComplaint } from "../complaint.ts";
import type { Exchange } from "./exchange.ts";

/** Bodies that are being read, all together: beyond this, requests are refused as busy. */
const heldBytesMax = 64 * 1024 * 1024;
const complaintCharactersMax = 300;

/** Reads the bodies of requests, within bounds of one and of all. */
export class Intake {
  readonly #bodyBytesMax: number;
  #heldBytes = 0;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** The body as text. Throws `TooLargeError` without reading further than the limit. */
  async text(exchange: Exchange): Promise<string> {
    const bytes = await this.#read(exchange.env.incoming);
    if (!isUtf8(bytes)) throw new MalformedError("the body is not UTF-8");
    return bytes.toString();
  }

  /**
   * The body as a JSON object of just the fields of `schema`.
   *
   * Its content type does not matter: `curl -d` sends a wrong one.
   */
  async json<Value>(exchange: Exchange, schema: v.Type<Value>): Promise<Value> {
    const text = await this.text(exchange);
    const checked = schema.try(parseObject(text), { mode: "strict" });
    if (checked.ok) return checked.value;
    const { place, problem } = firstComplaint(checked, "the body");
    throw new MalformedError(`${place}: ${problem}`.slice(0, complaintCharactersMax));
  }

  #read(incoming: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const declared = Number(incoming.headers["content-length"] ?? 0);
      if (declared > this.#bodyBytesMax) return reject(new TooLargeError(declared, this.#bodyBytesMax));
      const chunks: Buffer[] = [];
      let count = 0;
      const settle = (done: () => void): void => {
        incoming.off("data", take).off("end", complete).off("close", cut);
        this.#heldBytes -= count;
        done();
      };
      const take = (chunk: Buffer): void => {
        count += chunk.length;
        this.#heldBytes += chunk.length;
        if (count <= this.#bodyBytesMax && this.#heldBytes <= heldBytesMax) return void chunks.push(chunk);
        incoming.pause(); // what is still to come is dropped after the answer
        settle(() =>
          reject(count > this.#bodyBytesMax ? new TooLargeError(count, this.#bodyBytesMax) : new BusyError()),
        );
      };
      const complete = (): void =>
        settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
      const cut = (): void => settle(() => reject(new MalformedError("the body ended too early")));
      incoming.on("data", take).on("end", complete).on("close", cut);
    });
  }
}

/** Text of 1 to `bytesMax` bytes (or from `bytesMin` on) that has a UTF-8 form. */
export function text(bytesMax: number, bytesMin = 1): v.Type<string> {
  return v
    .string()
    .assert((value) => !/\p{Surrogate}/u.test(value), "not well-formed text: half of a surrogate pair")
    .assert((value) => isWithin(value, bytesMin, bytesMax), `must have ${bytesMin} to ${bytesMax} bytes`);
}

/** Whether `value` takes that many bytes of UTF-8. */
export function isWithin(value: string, bytesMin: number, bytesMax: number): boolean {
  const bytes = Buffer.byteLength(value);
  return bytes >= bytesMin && bytes <= bytesMax;
}

/** Reads a JSON object; no body is one without fields. */
function parseObject(text: string): object {
  const value = text === "" ? {} : parseJson(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new MalformedError("the body is not a JSON object");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedError("the body is not JSON", { cause });
  }
}
