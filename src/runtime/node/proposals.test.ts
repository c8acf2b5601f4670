import { expect, onTestFinished, test } from "vitest";
import type { LogRequest } from "../../protocols/replicated-log.ts";
import type { OperatingError } from "../errors.ts";
import { Proposals } from "./proposals.ts";
import { Waiters } from "./waiter.ts";

test("a refusal of a repeated try does not deny the try before, which may have been appended", () => {
  const waiters = new Waiters(() => {});
  onTestFinished(() => waiters.close(undefined));
  const asked: LogRequest[] = [];
  const errors: OperatingError[] = [];
  let id = 0;
  const proposals = new Proposals(
    (request) => asked.push(request),
    () => ++id,
    waiters,
    1000,
  );
  const payload = new Uint8Array(1);
  const proposal = { payload, isRepeatable: true, committed: () => {}, failed: (e: OperatingError) => errors.push(e) };
  proposals.submit(proposal, { timeoutMs: 60_000 });
  proposals.take({ kind: "accepted", id: 1, term: 1, index: 1, count: 1 });

  proposals.repeatAll();
  proposals.take({ kind: "refused", id: 2, reason: "busy", leader: "b" });

  expect(asked).toHaveLength(2);
  expect(errors).toEqual([expect.objectContaining({ code: "QUORATE_OUTCOME_UNKNOWN", outcome: "unknown" })]);
});
