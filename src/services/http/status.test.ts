import { expect, test } from "vitest";
import { MalformedError, type OperatingError } from "../../base/errors.ts";
import {
  BusyError,
  ClosedError,
  CommandFailedError,
  DiskFullError,
  KeyReusedError,
  NoLeaderError,
  OutcomeUnknownError,
  RequestExpiredError,
  StorageFailedError,
  TooLargeError,
} from "../../runtime/errors.ts";
import { problemDocument, problemLine, problemOf } from "./answers.ts";
import { statusOf } from "./status.ts";

const expected: readonly (readonly [OperatingError, number])[] = [
  [new MalformedError("x"), 400],
  [new TooLargeError(2, 1), 413],
  [new KeyReusedError(), 422],
  [new CommandFailedError("x"), 500],
  [new NoLeaderError(1), 503],
  [new BusyError(), 503],
  [new DiskFullError("x"), 503],
  [new ClosedError("not-applied"), 503],
  [new ClosedError("unknown"), 504],
  [new OutcomeUnknownError(1), 504],
  [new RequestExpiredError(), 504],
  [new StorageFailedError("x"), 504],
];

test.each(expected.map(([error, status]) => [error.code, error.outcome, status, error] as const))(
  "%s (%s) is answered %i",
  (_code, _outcome, status, error) => {
    expect(statusOf(error)).toBe(status);
  },
);

test("a problem says the same in both forms, and when to come back if that is worth it", async () => {
  const json = problemDocument(new BusyError());
  const text = problemLine(new BusyError());

  expect([json.status, text.status]).toEqual([503, 503]);
  expect([json.headers.get("retry-after"), text.headers.get("retry-after")]).toEqual(["1", "1"]);
  const { code, message, retry, outcome } = new BusyError();
  expect(await json.json()).toEqual({ error: { code, message, retry, outcome } });
  expect(await text.text()).toBe(`${code}: ${message} [${outcome}]\n`);
});

test("what is no OperatingError becomes a 500 that gives nothing away", async () => {
  const answer = problemDocument(problemOf(new TypeError("secret")));

  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("secret");
});
