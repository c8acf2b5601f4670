import { nextBelow, type Random } from "../../base/random.ts";
import { type StackCall, type StackResult, stackModel } from "../../checker/models/stack.ts";
import {
  type StackAnswer,
  type StackCommand,
  type StackQuestion,
  type StackReply,
  stackMachine,
} from "../../machines/stack.ts";
import { type Asked, defineWorkload, type Workload } from "./workload.ts";

type StackAsked = Asked<
  Exclude<StackCommand, { kind: "create" }> | { readonly kind: "create"; readonly stack: string },
  Extract<StackQuestion, { kind: "top" | "size" }>
>;

const stackCount = 2;

/** Pushes, pops and looks at a few stacks, which are now and then deleted and made anew. */
export const stackWorkload: Workload = defineWorkload(
  { name: "stack", machine: stackMachine, draw, ask: (call: StackAsked) => call },
  {
    model: stackModel,
    call: (asked): StackCall => (asked.kind === "command" ? asked.command : asked.question),
    result,
  },
);

/** The model knows by the call which stack was made. Lists are not asked for. */
function result(told: StackAnswer | StackReply): StackResult {
  return told.kind === "created" ? { kind: "created" } : (told as StackResult);
}

function draw(random: Random, nth: number): StackAsked {
  const stack = `s${nextBelow(random, stackCount)}`;
  const dice = nextBelow(random, 32);
  if (dice === 0) return { kind: "command", command: { kind: "delete", stack } };
  if (dice < 5) return { kind: "command", command: { kind: "create", stack } };
  if (dice < 16) return { kind: "command", command: { kind: "push", stack, value: `v${nth}` } };
  if (dice < 24) return { kind: "command", command: { kind: "pop", stack } };
  return { kind: "question", question: { kind: dice < 28 ? "top" : "size", stack } };
}
