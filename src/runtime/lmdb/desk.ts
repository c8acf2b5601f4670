import { noBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { CorruptionError, DiskFullError, WrongDirectoryError } from "../errors.ts";
import { MissingPackageError } from "../storages/errors.ts";
import type { Answer, Ask, Fault } from "./ask.ts";
import { Engine } from "./engine.ts";

/** Where a thread takes orders for its database: one after the other, in the order in which they come. */
export class Desk {
  #engine: Engine | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  answer(ask: Ask): Promise<Answer> {
    const answered = this.#turn.then(() => this.#answer(ask));
    this.#turn = answered;
    return answered;
  }

  async #answer(ask: Ask): Promise<Answer> {
    try {
      if (ask.kind === "open") this.#engine = await Engine.open(ask);
      const engine = this.#engine;
      invariant(engine !== undefined, "a database is opened before it is used");
      const removed = ask.kind === "commit" ? engine.commit(ask) : 0;
      const found = ask.kind === "scan" ? engine.scan(ask) : noBytes;
      const { stats } = engine;
      if (ask.kind === "close") await engine.close();
      return { kind: "done", stats, removed, found };
    } catch (error) {
      return { kind: "fault", fault: faultOf(error) };
    }
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof CorruptionError) {
    return { kind: "corruption", file: error.file, offset: error.offset, problem: error.problem };
  }
  if (error instanceof WrongDirectoryError) {
    return { kind: "wrong-directory", directory: error.directory, problem: error.problem };
  }
  if (error instanceof MissingPackageError) {
    return { kind: "missing-package", name: error.package, problem: error.problem };
  }
  if (error instanceof DiskFullError) return { kind: "full" };
  return { kind: "failed", problem: describe(error) };
}

/** With what caused it: the other thread is told in words alone. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? (error.stack ?? error.message) : `${error.message} (${describe(error.cause)})`;
}
