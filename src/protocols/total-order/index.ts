export type { Bytes } from "../../base/bytes.ts";
export { MalformedError } from "../../base/errors.ts";
export type { NodeId } from "../../base/ids.ts";
export type { Core, Input, Outbox, Vocabulary } from "../core.ts";
export { type Effects, Gate } from "../outbox.ts";
export type { Ballot } from "../synod/ballot.ts";
export type * from "./messages.ts";
export { completeOptions, isNode, type TotalOrderConfig, type TotalOrderOptions } from "./options.ts";
