/** Names a member for its whole life; its address may change. */
export type NodeId = string;

/** Longest node id, in bytes; ids are ASCII, so also in characters. */
export const nodeIdBytesMax = 64;

const pattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** Letters, digits, `_`, `.` and `-`, starting with a letter or digit, at most 64 of them. */
export function isNodeId(text: string): boolean {
  return text.length <= nodeIdBytesMax && pattern.test(text);
}
