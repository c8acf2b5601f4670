import { nextBelow, type Random } from "../../base/random.ts";
import type { Model } from "../../checker/model.ts";
import { type StackState, stackModel } from "../../checker/models/stack.ts";
import {
  type StackAnswer,
  type StackCommand,
  type StackQuestion,
  type StackReply,
  stackMachine,
} from "../../machines/stack.ts";
import { askedModel } from "./asked-model.ts";
import { type Asked, defineWorkload, type Workload } from "./workload.ts";

type Call = Asked<StackCommand, StackQuestion>;

const stackCount = 2;

const model: Model<StackState, Call, StackAnswer | StackReply> = askedModel(stackModel);

/** Pushes, pops and looks at a few stacks, which are now and then deleted and made anew. */
export const stackWorkload: Workload = defineWorkload({
  name: "stack",
  machine: stackMachine,
  draw,
  ask: (call) => call,
  model,
});

function draw(random: Random, nth: number): Call {
  const stack = `s${nextBelow(random, stackCount)}`;
  const dice = nextBelow(random, 32);
  if (dice === 0) return { kind: "command", command: { kind: "delete", stack } };
  if (dice < 5) return { kind: "command", command: { kind: "create", stack } };
  if (dice < 16) return { kind: "command", command: { kind: "push", stack, value: `v${nth}` } };
  if (dice < 24) return { kind: "command", command: { kind: "pop", stack } };
  return { kind: "question", question: { kind: dice < 28 ? "top" : "size", stack } };
}
