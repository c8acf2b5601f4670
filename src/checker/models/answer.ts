/** What a deterministic object answers, and the state it is in then. */
export interface Step<State, Result> {
  readonly answer: Result;
  readonly after: State;
}

/** What may follow: the step's state, unless the result says something else. What a result leaves out, it allows. */
export function follow<State, Result extends { readonly kind: string }>(
  { answer, after }: Step<State, Result>,
  result: Result | undefined,
): readonly State[] {
  return result === undefined || agrees(result, answer) ? [after] : [];
}

function agrees<Result extends object>(result: Result, answer: Result): boolean {
  for (const name in result) if (result[name] !== undefined && result[name] !== answer[name]) return false;
  return true;
}
