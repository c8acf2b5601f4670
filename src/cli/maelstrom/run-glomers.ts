import { challenges, judgeThresholds } from "../../workbench/glomers/challenges.ts";
import { CommandFailure, type ExitCode, exitCode } from "../exit.ts";
import { nearest } from "../nearest.ts";
import { programName, say, table } from "../terminal.ts";
import { exitOf, reportOf, runStored } from "./run-test.ts";
import { testCommand } from "./test.ts";
import { parseTestOptions, type TestWords } from "./test-options.ts";

/** Takes a challenge; without a name it says which there are. */
export async function takeChallenge(
  name: string | undefined,
  words: readonly string[],
  given: Partial<TestWords>,
): Promise<ExitCode> {
  if (name === undefined) {
    say(listOfChallenges());
    return exitCode.yes;
  }
  const challenge = challenges.find((each) => each.name === name);
  if (challenge === undefined) {
    const names = challenges.map((each) => each.name);
    const [near] = nearest(name, names);
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    throw new CommandFailure(exitCode.usage, `no challenge ${name}: there are ${names.join(", ")}${hint}`);
  }
  const { workload, settings } = challenge;
  const defaults = testCommand().opts<TestWords>();
  const all: TestWords = { ...defaults, workload, ...settings, ...given };
  const { run, directory } = await runStored(parseTestOptions(words, all), all);
  if (run === undefined) return exitCode.interrupted;
  const { lines, isKept } = judgeThresholds(challenge, run);
  const bounds = lines.length === 0 ? "" : `\n\n${lines.join("\n")}`;
  say(
    given.json
      ? reportOf(run, directory, true, { challenge: name, bounds: lines, isKept })
      : `challenge ${name}: ${challenge.title}\n${reportOf(run, directory, false)}${bounds}`,
  );
  const code = exitOf(run);
  return code === exitCode.yes && !isKept ? exitCode.failed : code;
}

function listOfChallenges(): string {
  const rows = challenges.map(({ name, title, workload, thresholds }) => {
    const bounds = thresholds.map(({ what, below, unit }) => `${what} < ${below}${unit}`).join(", ");
    return [name, workload, title + (bounds === "" ? "" : `: ${bounds}`)];
  });
  return `${table(["", "workload", "challenge"], rows)}\n\n${programName()} maelstrom glomers 3d -- node broadcast.js`;
}
