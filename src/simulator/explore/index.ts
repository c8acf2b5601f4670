export type { Finding, Progress } from "./course.ts";
export type { Bounds, Explorable } from "./explorable.ts";
export { Exploration } from "./exploration.ts";
export { exploreTogether, type Order, type Partner, workOn } from "./partners.ts";
export { explorableRaft, type RaftLimits, type RaftTerms } from "./raft/explorable-raft.ts";
export { Share } from "./share.ts";
export type { Place } from "./visited.ts";
