import type { Bytes } from "../../base/bytes.ts";

/**
 * The same content in pieces of `pieceBytes`, the last one smaller; a piece is to be used before the next is asked for.
 */
export async function* pieces(
  chunks: Iterable<Bytes> | AsyncIterable<Bytes>,
  pieceBytes: number,
): AsyncGenerator<Bytes, void> {
  const piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + pieceBytes - filled);
      piece.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
