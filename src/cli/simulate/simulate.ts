import { basename, join } from "node:path";
import type { Explanation, Report, Simulation } from "../../simulator/index.ts";
import { type ExitCode, exitCode } from "../exit.ts";
import { painter, programName, say } from "../terminal.ts";
import { ProgressDisplay } from "./progress.ts";
import { type Runner, startRunner } from "./runner.ts";
import { scenarioText } from "./scenario.ts";
import { runSeeds } from "./seeds.ts";
import { readSettings, repeatWords, type Settings, type Words } from "./settings.ts";
import { failureText, protocolTexts, summaryText } from "./summary.ts";
import { openSimulation, type Task } from "./task.ts";

/** Runs what was asked for, and says what came of it; resolves with the exit code. */
export async function simulate(subject: string | undefined, words: Words): Promise<ExitCode> {
  if (subject === undefined) {
    say(protocolTexts());
    return exitCode.yes;
  }
  const settings = readSettings(words);
  const task = { subject, choices: settings.choices };
  const simulation = await openSimulation(task);
  const stop = new AbortController();
  const jobs = Math.min(settings.jobs, simulation.config.count);
  const runners = Array.from({ length: jobs }, () => startRunner(task));
  const closeAll = () => Promise.all(runners.map((runner) => runner.close()));
  process.once("SIGINT", () => {
    stop.abort();
    void closeAll();
    process.once("SIGINT", () => process.exit(exitCode.interrupted));
  });
  try {
    return await run({ task, settings, simulation, runners, signal: stop.signal });
  } finally {
    await closeAll();
  }
}

interface Session {
  readonly task: Task;
  readonly settings: Settings;
  readonly simulation: Simulation;
  readonly runners: readonly Runner[];
  /** Interrupted. */
  readonly signal: AbortSignal;
}

async function run(session: Session): Promise<ExitCode> {
  const { settings, signal, runners, simulation } = session;
  const startedAt = performance.now();
  const report = await runAll(session);
  const elapsedMs = performance.now() - startedAt;
  const [failure] = report.failures;
  const last = simulation.config.first + report.runs - 1;
  const explanation = failure === undefined || signal.aborted ? undefined : await explain(session, failure.seed);
  if (failure === undefined && settings.traceFile !== undefined && !signal.aborted) {
    await runners[0]?.trace(last, settings.traceFile);
  }
  if (settings.json) say(JSON.stringify(summaryData(session, report, explanation)));
  else {
    const paint = painter(process.stdout, process.env);
    say(summaryText(report, { elapsedMs, jobs: runners.length }, paint));
    if (explanation !== undefined) say(`\n${failureText(explanation, leads(session, explanation), paint)}`);
    for (const { seed, claim } of report.failures.slice(1)) say(`seed ${seed} fails, too: ${claim}`);
  }
  if (signal.aborted) return exitCode.interrupted;
  return failure === undefined ? exitCode.yes : exitCode.failed;
}

async function runAll({ settings, simulation, runners, signal }: Session): Promise<Report> {
  const report = simulation.newReport();
  const { first, count } = simulation.config;
  const display = new ProgressDisplay(process.stderr, painter(process.stderr, process.env));
  const startedAt = performance.now();
  await runSeeds(runners, {
    first,
    count,
    signal,
    take: (seed, outcome) => {
      report.add(seed, outcome);
      if (!settings.json) {
        display.show({
          runs: report.runs,
          runsWanted: count,
          elapsedMs: performance.now() - startedAt,
          simulatedMs: report.simulatedMs,
          faults: report.faultCount,
          checks: report.checkCount,
          failures: report.failures.length,
        });
      }
      return settings.keepGoing || outcome.failure === undefined;
    },
  });
  display.clear();
  return report;
}

async function explain(session: Session, seed: number): Promise<Explanation | undefined> {
  const { runners, settings } = session;
  const display = new ProgressDisplay(process.stderr, painter(process.stderr, process.env));
  if (!settings.json) display.say(`seed ${seed} fails; looking for the smallest run that fails alike`);
  try {
    return await runners[0]?.explain(seed, traceFileOf(session, seed));
  } finally {
    display.clear();
  }
}

function traceFileOf({ task, settings }: Session, seed: number): string {
  const name = basename(task.subject).replace(/\.\w+$/, "");
  return settings.traceFile ?? join(".quorate", `${name}-${seed}.trace`);
}

function leads(session: Session, explanation: Explanation) {
  const { task } = session;
  const { seed } = explanation;
  return {
    command: [programName(), "simulate", task.subject, ...repeatWords(task.choices, seed)].join(" "),
    traceFile: traceFileOf(session, seed),
    scenario: scenarioText(task, explanation),
  };
}

/** What does not depend on time, threads or machine. */
function summaryData({ task, simulation }: Session, report: Report, explanation: Explanation | undefined): object {
  const { first } = simulation.config;
  const { runs, digest, simulatedMs, counts } = report;
  const failures = report.failures.map(({ seed, claim, story }) => ({ seed, claim, story }));
  return {
    subject: task.subject,
    title: report.title,
    first,
    runs,
    failures,
    digest,
    simulatedMs,
    counts,
    explanation,
  };
}
