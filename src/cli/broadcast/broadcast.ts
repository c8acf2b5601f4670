import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { type Group, type GroupDelivery, joinGroup } from "../../runtime/group/group.ts";
import { readSettings, type Sources } from "../configuration.ts";
import { CommandFailure, type ExitCode, exitCode, stopSignal } from "../exit.ts";
import { peerTlsOf } from "../settings.ts";
import { note } from "../terminal.ts";
import { Sending } from "./sending.ts";
import { type BroadcastSettings, broadcastSettings, checkBroadcastSettings, translateClassic } from "./settings.ts";

/** Sends lines and prints deliveries until the input ends or a signal comes; resolves with the exit code. */
export async function broadcast(sources: Sources): Promise<ExitCode> {
  const { settings, warnings } = readSettings(sources, broadcastSettings, checkBroadcastSettings, translateClassic);
  for (const warning of warnings) note(warning);
  const stop = stopSignal();
  const group = await join(settings, stop);
  if (group === undefined) return exitCode.yes; // interrupted before anything was sent
  const sending = new Sending(group);
  try {
    const printing = print(group, settings, stop);
    void follow(group);
    await Promise.race([sending.sendAll(process.stdin, stop, settings.stay), printing, group.closed]);
    process.stdin.destroy();
    await group.leave();
    await Promise.all([printing, sending.settled()]);
  } finally {
    await group.leave();
  }
  if (sending.undelivered === 0) return exitCode.yes;
  note(`lines that were not delivered here, and may not be anywhere: ${sending.undelivered}`);
  return exitCode.unknown;
}

async function join(settings: BroadcastSettings, signal: AbortSignal): Promise<Group<string> | undefined> {
  const { listen, name, delivery, seeds = settings["seeds-name"] ?? [] } = settings;
  const { address, founders, "data-dir": dataDir, "keep-alive-ms": keepAliveMs, "suspect-ms": suspectMs } = settings;
  const given = Object.entries({ address, founders, dataDir, keepAliveMs, suspectMs, tls: peerTlsOf(settings) });
  note(`looking for the group ${name} at ${[seeds].flat().join(", ")}`);
  try {
    return await joinGroup({
      ...{ name, listen, seeds, delivery, signal, encoding: "string", newGroup: settings["new-group"] },
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      notice: (_level, text) => note(text),
    });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/**
 * Prints and appends what is delivered, until the group is left.
 *
 * A slow reader of the output slows the group; but once stopped, nobody waits for it any more.
 */
async function print(group: Group<string>, settings: BroadcastSettings, stop: AbortSignal): Promise<void> {
  const path = settings["log-file"];
  const file = openLog(path);
  try {
    for await (const delivery of group) {
      const line = JSON.stringify(recordOf(delivery));
      append(file, path, line);
      const { sender, value } = delivery;
      const isTaken = process.stdout.write(`${settings.json ? line : `${sender}: ${printable(value)}`}\n`);
      if (!isTaken && !stop.aborted) await once(process.stdout, "drain", { signal: stop }).catch(ignore);
    }
  } finally {
    closeSync(file);
  }
}

function ignore(): void {
  // stopped; or the output broke, which ends the process elsewhere
}

function recordOf({ timestamp, sender, value }: GroupDelivery<string>): object {
  return { timestamp, sender, value };
}

function openLog(path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    throw new CommandFailure(exitCode.disk, `${path} cannot be appended to: ${(error as Error).message}`);
  }
}

function append(file: number, path: string, line: string): void {
  try {
    writeSync(file, `${line}\n`);
  } catch (error) {
    throw new CommandFailure(exitCode.disk, `${path} cannot be appended to: ${(error as Error).message}`);
  }
}

/** What others send must not steer this terminal. */
function printable(text: string): string {
  return process.stdout.isTTY ? text.replace(/\p{Cc}/gu, "\uFFFD") : text;
}

/** Says who takes part, as that changes. */
async function follow(group: Group<string>): Promise<void> {
  for await (const { state, number, members, position } of group.views()) {
    if (state === "normal") note(`view ${number} from position ${position}: ${members.join(", ") || "nobody"}`);
  }
}
