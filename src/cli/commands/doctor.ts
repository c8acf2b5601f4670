import { Command } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import { painter, say, table } from "../terminal.ts";

/** `quorate doctor`: whether this machine is fit to run a node. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("measure whether this machine keeps what a node relies on")
    .description("Checks and measures what a node depends on. Exits with 1 when something does not work.")
    .option("--data-dir <path>", "a node's data directory, or a local cluster's", ".quorate")
    .option("--json", "answer as JSON")
    .action(async ({ dataDir, json }: { dataDir: string; json?: boolean }) => {
      const { examine } = await import("../doctor.ts");
      const findings = await examine(dataDir);
      const paint = painter(process.stdout, process.env);
      const tints = { ok: "green", warn: "yellow", fail: "red" } as const;
      const text = table(
        ["CHECK", "VERDICT", "DETAIL"],
        findings.map(({ check, verdict, detail }) => [check, verdict, detail]),
      );
      say(
        json
          ? JSON.stringify({ findings })
          : text.replace(/ (ok|warn|fail) /g, (word) => paint(tints[word.trim() as "ok"], word)),
      );
      const failed = findings.filter(({ verdict }) => verdict === "fail").map(({ check }) => check);
      if (failed.length > 0) throw new CommandFailure(exitCode.failed, `does not work: ${failed.join(", ")}`);
    });
}
