export type { Bounds, Explorable, Moment, Question, Standing, Terms } from "./explorable.ts";
export { Exploration, type Finding, type Progress } from "./exploration.ts";
export { explorableRaft, type RaftLimits } from "./raft/explorable-raft.ts";
export type { Violation } from "./story.ts";
