import { performance } from "node:perf_hooks";
import { exploreTogether, type Finding, type Progress } from "../../simulator/index.ts";
import { type ExitCode, exitCode } from "../exit.ts";
import { painter, say } from "../terminal.ts";
import { startThread } from "./partner.ts";
import type { ExplorableProtocol } from "./protocols/protocol.ts";
import type { Words } from "./reader.ts";
import { findingText, perSecond, progressText } from "./report.ts";
import { readSettings, type Settings } from "./settings.ts";
import { walkAtRandom } from "./walks.ts";

/** Between two lines of progress: on a terminal, where the line is written anew, and elsewhere. */
const redrawMs = 200;
const lineMs = 5000;

/** Explores as told, and prints what came of it. */
export async function explore(protocol: ExplorableProtocol, words: Words): Promise<ExitCode> {
  const settings = readSettings(protocol, words);
  const stop = new AbortController();
  process.once("SIGINT", () => {
    stop.abort();
    process.once("SIGINT", () => process.exit(exitCode.interrupted));
  });
  if (settings.walks !== undefined)
    return await walkAtRandom(settings, settings.walks, words.json === true, stop.signal);
  const startedAt = performance.now();
  const finding = await run(settings, startedAt, stop.signal);
  const elapsedMs = performance.now() - startedAt;
  if (words.json) {
    const { explored, bounds, jobs } = settings;
    const statesPerSecond = perSecond(finding.states, elapsedMs);
    say(JSON.stringify({ ...finding, statesPerSecond, elapsedMs: Math.round(elapsedMs), ...explored, bounds, jobs }));
  } else say(findingText(finding, settings, elapsedMs, painter(process.stdout, process.env)));
  if (finding.violation !== undefined) return exitCode.failed;
  return stop.signal.aborted ? exitCode.interrupted : exitCode.yes;
}

async function run(
  { explored, bounds, timeMs, jobs }: Settings,
  startedAt: number,
  signal: AbortSignal,
): Promise<Finding> {
  const threads = Array.from({ length: jobs }, (_, number) => startThread({ explored, bounds, number, count: jobs }));
  const show = progressLine(process.stderr);
  try {
    return await exploreTogether(threads, bounds, (progress) => {
      const elapsedMs = performance.now() - startedAt;
      show(progress, elapsedMs);
      return elapsedMs < timeMs && !signal.aborted;
    });
  } finally {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K"); // takes the line of progress away
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

function progressLine(stream: NodeJS.WriteStream): (progress: Progress, elapsedMs: number) => void {
  let shownAt = 0;
  return (progress, elapsedMs) => {
    if (elapsedMs - shownAt < (stream.isTTY ? redrawMs : lineMs)) return;
    shownAt = elapsedMs;
    const text = progressText(progress, elapsedMs);
    stream.write(stream.isTTY ? `\r${text}\u001b[K` : `${text}\n`);
  };
}
