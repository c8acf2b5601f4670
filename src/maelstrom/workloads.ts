import * as v from "@badrap/valita";
import { MaelstromError } from "./errors.ts";
import type { Body } from "./messages.ts";

/** A kind of request: its fields, and those of the answer. */
export interface Rpc<Request extends object = object, Reply extends object = object> {
  readonly request: Request;
  readonly reply: Reply;
}

/** Who is next to whom, as the harness suggests it. */
export type Topology = Readonly<Record<string, readonly string[]>>;

/** For each key an offset. */
export type Offsets = Readonly<Record<string, number>>;

/** A step of a transaction: read, write or append; the value of a read is `null` in a request. */
export type Operation = readonly [kind: "r" | "w" | "append", key: unknown, value: unknown];

/** A request or an answer without fields of its own. */
export type Nothing = Readonly<Record<never, never>>;

/** What every node is asked. */
export interface Lifecycle {
  /** The node knows its name by then. Nothing else is handled until this is. */
  readonly init: Rpc<{ readonly node_id: string; readonly node_ids: readonly string[] }, Nothing>;
  /** The node keeps it by itself. */
  readonly topology: Rpc<{ readonly topology: Topology }, Nothing>;
}

interface Counter {
  readonly add: Rpc<{ readonly delta: number }, Nothing>;
  readonly read: Rpc<Nothing, { readonly value: number }>;
}

interface Transactions {
  readonly txn: Rpc<{ readonly txn: readonly Operation[] }, { readonly txn: readonly Operation[] }>;
}

/** What clients ask in each of Maelstrom's workloads: its doc/workloads.md as types. */
export interface Workloads {
  readonly echo: { readonly echo: Rpc<{ readonly echo: unknown }, { readonly echo: unknown }> };
  readonly "unique-ids": { readonly generate: Rpc<Nothing, { readonly id: unknown }> };
  readonly broadcast: {
    readonly broadcast: Rpc<{ readonly message: unknown }, Nothing>;
    readonly read: Rpc<Nothing, { readonly messages: readonly unknown[] }>;
  };
  readonly "g-set": {
    readonly add: Rpc<{ readonly element: unknown }, Nothing>;
    readonly read: Rpc<Nothing, { readonly value: readonly unknown[] }>;
  };
  readonly "g-counter": Counter;
  readonly "pn-counter": Counter;
  readonly kafka: {
    readonly send: Rpc<{ readonly key: string; readonly msg: unknown }, { readonly offset: number }>;
    readonly poll: Rpc<
      { readonly offsets: Offsets },
      { readonly msgs: Readonly<Record<string, readonly (readonly [offset: number, msg: unknown])[]>> }
    >;
    readonly commit_offsets: Rpc<{ readonly offsets: Offsets }, Nothing>;
    readonly list_committed_offsets: Rpc<{ readonly keys: readonly string[] }, { readonly offsets: Offsets }>;
  };
  readonly "lin-kv": {
    readonly read: Rpc<{ readonly key: unknown }, { readonly value: unknown }>;
    readonly write: Rpc<{ readonly key: unknown; readonly value: unknown }, Nothing>;
    readonly cas: Rpc<{ readonly key: unknown; readonly from: unknown; readonly to: unknown }, Nothing>;
  };
  readonly "txn-list-append": Transactions;
  readonly "txn-rw-register": Transactions;
}

/** The name of one of Maelstrom's workloads. */
export type WorkloadName = keyof Workloads;

const whole = v.number().assert(Number.isSafeInteger, "must be a whole number");
const natural = whole.assert((value) => value >= 0, "must not be negative");
const nothing = v.object({});
const offsets = v.record(natural);
const counter = (delta: v.Type<number>) => ({ add: v.object({ delta }), read: nothing });
const transactions = (write: string) => ({
  txn: v.object({
    txn: v.array(
      v.union(v.tuple([v.literal("r"), v.unknown(), v.null()]), v.tuple([v.literal(write), v.unknown(), v.unknown()])),
    ),
  }),
});

const lifecycle: Readonly<Record<string, v.Type<object>>> = {
  init: v.object({ node_id: v.string(), node_ids: v.array(v.string()) }),
  topology: v.object({ topology: v.record(v.array(v.string())) }),
};

const schemas: { readonly [Name in WorkloadName]: Readonly<Record<keyof Workloads[Name], v.Type<object>>> } = {
  echo: { echo: v.object({ echo: v.unknown() }) },
  "unique-ids": { generate: nothing },
  broadcast: {
    broadcast: v.object({ message: v.unknown() }),
    read: nothing,
  },
  "g-set": { add: v.object({ element: v.unknown() }), read: nothing },
  "g-counter": counter(natural),
  "pn-counter": counter(whole),
  kafka: {
    send: v.object({ key: v.string(), msg: v.unknown() }),
    poll: v.object({ offsets }),
    commit_offsets: v.object({ offsets }),
    list_committed_offsets: v.object({ keys: v.array(v.string()) }),
  },
  "lin-kv": {
    read: v.object({ key: v.unknown() }),
    write: v.object({ key: v.unknown(), value: v.unknown() }),
    cas: v.object({ key: v.unknown(), from: v.unknown(), to: v.unknown() }),
  },
  "txn-list-append": transactions("append"),
  "txn-rw-register": transactions("w"),
};

/** Throws `malformed-request` for a request that lacks the fields which its workload gives it. */
export function checkRequest(workload: WorkloadName | undefined, body: Body): void {
  const known: Readonly<Record<string, v.Type<object>>> = workload === undefined ? {} : schemas[workload];
  const checked = schemaOf(lifecycle, body.type) ?? schemaOf(known, body.type);
  const result = checked?.try(body, { mode: "passthrough" });
  if (result === undefined || result.ok) return;
  throw new MaelstromError("malformed-request", `a request of type ${body.type} is malformed: ${result.message}`);
}

function schemaOf(schemas: Readonly<Record<string, v.Type<object>>>, type: string): v.Type<object> | undefined {
  return Object.hasOwn(schemas, type) ? schemas[type] : undefined;
}
