import type { Model } from "../../checker/model.ts";
import type { Asked } from "./workload.ts";

/**
 * A model of the checker's, for clients of a machine that speaks the same words.
 *
 * The machine may know more words than the model: the workload is not to use those.
 */
export function askedModel<State, Call, Result, Command, Question, Answer>(
  model: Model<State, Call, Result>,
): Model<State, Asked<Command, Question>, Answer> {
  const wordOf = (asked: Asked<Command, Question>) =>
    (asked.kind === "command" ? asked.command : asked.question) as unknown as Call;
  const resultOf = (answer: Answer | undefined) => answer as unknown as Result | undefined;
  const { part, isRead } = model;
  return {
    name: model.name,
    initial: model.initial,
    next: (state, asked, answer) => model.next(state, wordOf(asked), resultOf(answer)),
    key: model.key,
    describe: (asked, answer) => model.describe(wordOf(asked), resultOf(answer)),
    ...(part && { part: (asked) => part(wordOf(asked)) }),
    ...(isRead && { isRead: (asked, answer) => isRead(wordOf(asked), resultOf(answer)) }),
  };
}
