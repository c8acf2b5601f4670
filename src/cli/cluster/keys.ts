/** Reads single keys from a terminal until the returned call; anything that is no terminal is left alone. */
export function readKeys(stdin: NodeJS.ReadStream, pressed: (key: string) => void): () => void {
  if (!stdin.isTTY) return () => undefined;
  const receive = (data: Buffer): void => {
    for (const key of data.toString("latin1")) pressed(key === "\u0003" ? "q" : key); // raw mode hands us Ctrl-C as a key
  };
  stdin.setRawMode(true);
  stdin.on("data", receive);
  return () => {
    stdin.off("data", receive);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
