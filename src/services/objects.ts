import {
  type Bundle,
  type BundleAnswer,
  type BundleCommand,
  type BundleQuestion,
  type BundleReply,
  bundle,
} from "../machines/bundle.ts";
import { kvMachine } from "../machines/kv.ts";
import { logMachine } from "../machines/log.ts";
import type { Machine } from "../machines/machine.ts";
import { stackMachine } from "../machines/stack.ts";
import type { MachineNode } from "../runtime/api.ts";
import { type Replica, scoped } from "./http/replica.ts";

type Parts = {
  readonly stack: typeof stackMachine;
  readonly log: typeof logMachine;
  readonly kv: typeof kvMachine;
};

/** The objects that a server replicates: what `openNode` takes as its machine. */
export const objects: Bundle<Parts> = bundle<Parts>({ stack: stackMachine, log: logMachine, kv: kvMachine });

/** A node that replicates `objects`. */
export type ObjectsNode = MachineNode<
  BundleCommand<Parts>,
  BundleAnswer<Parts>,
  BundleQuestion<Parts>,
  BundleReply<Parts>
>;

type ReplicaOf<Part> =
  Part extends Machine<infer _State, infer Command, infer Answer, infer Question, infer Reply>
    ? Replica<Command, Answer, Question, Reply>
    : never;

/** The same node, seen as if all machines had one vocabulary. */
type Uniform = MachineNode<
  { readonly machine: string; readonly command: unknown },
  { readonly answer: unknown },
  { readonly machine: string; readonly question: unknown },
  { readonly reply: unknown }
>;

/** The object `machine` of `node`, as if it were the node's only one: idempotency keys of two objects never meet. */
export function replica<Name extends keyof Parts>(node: ObjectsNode, machine: Name): ReplicaOf<Parts[Name]> {
  const uniform = node as unknown as Uniform; // `bundle` gives the answers of the machine it was asked for
  const one: Replica<unknown, unknown, unknown, unknown> = {
    execute: async (command, options) => (await uniform.execute({ machine, command }, scoped(machine, options))).answer,
    read: async (question, options) => (await uniform.read({ machine, question }, options)).reply,
  };
  return one as ReplicaOf<Parts[Name]>;
}
