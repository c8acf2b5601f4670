/** Cuts a stream into lines, without their ends. Throws `RangeError` for a line of more than `bytesMax`. */
export async function* linesOf(input: AsyncIterable<Buffer | string>, bytesMax: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield checked(line, bytesMax);
    checked(rest, bytesMax);
  }
  rest += decoder.decode();
  if (rest !== "") yield checked(rest, bytesMax);
}

function checked(line: string, bytesMax: number): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (Buffer.byteLength(text) > bytesMax) throw new RangeError(`a line has more than ${bytesMax} bytes`);
  return text;
}
