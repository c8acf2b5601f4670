import { GrpcError } from "../../runtime/grpc/status.ts";
import { textBytesMax } from "../../services/ordering/ordering.ts";
import { OrderingClient } from "../../services/ordering/ordering-client.ts";
import { linesOf } from "../broadcast/lines.ts";
import { CommandFailure, type ExitCode, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";
import { note, say } from "../terminal.ts";
import { type ClientWords, readGroup } from "./words.ts";

const timeoutMsMax = 24 * 3_600_000;

/** Has the lines of the input ordered, one after the other; resolves with the exit code at its end. */
export async function runClient(words: ClientWords): Promise<ExitCode> {
  const { places, tls } = readGroup(words);
  const timeoutMs = parseDuration(words.timeout, "--timeout", timeoutMsMax);
  const isTerminal = process.stdin.isTTY === true;
  const prompt = (): void => void (isTerminal && process.stderr.write("update> "));
  const client = new OrderingClient({ servers: places, tls, timeoutMs, notice: (_level, text) => note(text) });
  try {
    prompt();
    for await (const line of linesOf(process.stdin, textBytesMax)) {
      if (!isTerminal || line !== "") say(`ordered ${await order(client, line, words.timeout)} ${line}`);
      prompt();
    }
  } catch (error) {
    if (error instanceof RangeError) throw new CommandFailure(exitCode.failed, error.message, { cause: error });
    throw error;
  } finally {
    await client.close();
  }
  return exitCode.yes;
}

async function order(client: OrderingClient, line: string, timeout: string): Promise<number> {
  try {
    const ordering = await client.order(line);
    if (ordering.kind === "ordered") return ordering.seq;
    const isUnsent = ordering.kind === "unsent";
    const problem = isUnsent ? "no server could be reached, and it was not sent" : "it may be ordered, now or later";
    const exit = isUnsent ? exitCode.unavailable : exitCode.unknown;
    throw new CommandFailure(exit, `no answer within ${timeout} for ${shorten(line)}: ${problem}`);
  } catch (cause) {
    if (!(cause instanceof GrpcError)) throw cause;
    throw new CommandFailure(exitCode.failed, `${shorten(line)} was refused: ${cause.message}`, { cause });
  }
}

function shorten(line: string): string {
  return JSON.stringify(line.length <= 40 ? line : `${line.slice(0, 40)}…`);
}
