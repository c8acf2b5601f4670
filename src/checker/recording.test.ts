import { expect, test } from "vitest";
import { MalformedError } from "../base/errors.ts";
import { checkLinearizable, type RegisterCall, type RegisterResult, recordHistory, registerModel } from "./index.ts";

/** A register that answers when it is told to, and breaks when it is told to. */
class Register {
  #value = 0;
  readonly #waiting: (() => void)[] = [];
  label = "a register";

  async read(): Promise<number> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#value;
  }

  async write(value: number): Promise<void> {
    if (value < 0) throw new MalformedError("below 0");
    this.#value = value;
    if (value === 13) throw new Error("the connection broke");
  }

  async swap(from: number, to: number): Promise<void> {
    if (this.#value !== from) throw new Error("conflict");
    this.#value = to;
  }

  peek(): number {
    return this.#value;
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const recordRegister = (register: Register) =>
  recordHistory<Register, RegisterCall, RegisterResult>(register, {
    read: { call: () => ({ kind: "read" }), result: (value) => ({ kind: "value", value }) },
    write: { call: (value) => ({ kind: "write", value }), result: () => ({ kind: "written" }) },
    swap: {
      call: (from, to) => ({ kind: "cas", from, to }),
      result: () => ({ kind: "swapped" }),
      refusal: (error) => (error instanceof Error && error.message === "conflict" ? { kind: "kept" } : undefined),
    },
    peek: { call: () => ({ kind: "read" }), result: (value) => ({ kind: "value", value }) },
  });

test("calls and returns are told in the order in which they happen, by clients that overlap", async () => {
  const register = new Register();
  const recording = recordRegister(register);
  const [a, b] = [recording.client("a"), recording.client("b")];

  const reading = a.read();
  await b.write(5);
  register.release();
  const value = await reading;
  await b.swap(5, 6);
  const seen = b.peek();

  expect([value, seen, a.label]).toEqual([5, 6, "a register"]);
  expect(recording.history()).toEqual([
    { client: "a", call: { kind: "read" }, calledAt: 1, result: { kind: "value", value: 5 }, returnedAt: 4 },
    { client: "b", call: { kind: "write", value: 5 }, calledAt: 2, result: { kind: "written" }, returnedAt: 3 },
    { client: "b", call: { kind: "cas", from: 5, to: 6 }, calledAt: 5, result: { kind: "swapped" }, returnedAt: 6 },
    { client: "b", call: { kind: "read" }, calledAt: 7, result: { kind: "value", value: 6 }, returnedAt: 8 },
  ]);
});

test("a failed call is left out if it had no effect, answered if that is its answer, and open otherwise", async () => {
  const recording = recordRegister(new Register());
  const client = recording.client("a");

  await expect(client.write(-1)).rejects.toThrow("below 0");
  await expect(client.swap(8, 9)).rejects.toThrow("conflict");
  await expect(client.write(13)).rejects.toThrow("broke");
  client.peek();

  const history = recording.history();
  expect(history.map(({ call, result, returnedAt }) => [call.kind, result?.kind, returnedAt])).toEqual([
    ["cas", "kept", 3],
    ["write", undefined, undefined],
    ["read", "value", 6],
  ]);
  expect(checkLinearizable(history, registerModel).kind).toBe("ok");
});

test("without words, each method is recorded as it is called", async () => {
  const recording = recordHistory(new Register());
  const client = recording.client("a");

  await client.write(1);
  client.peek();

  expect(recording.history().map(({ call, result }) => [call, result])).toEqual([
    [{ method: "write", args: [1] }, { value: undefined }],
    [{ method: "peek", args: [] }, { value: 1 }],
  ]);
});

test("a clock of the caller's is used, and what is beyond the bound is refused before it is called", () => {
  const register = new Register();
  const methods = { peek: { call: () => "peek", result: (value: number) => value } };
  const recording = recordHistory<Register, string, number>(register, methods, { now: () => 70, callsMax: 1 });
  const client = recording.client("a");

  client.peek();

  expect(() => client.peek()).toThrow(RangeError);
  expect(recording.history()).toMatchObject([{ calledAt: 70, returnedAt: 70 }]);
});
