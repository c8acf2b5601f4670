import { unreachable } from "../../base/invariant.ts";
import type { Action, Fault, Plan, PlannedCall, Target, World } from "../plans/plan.ts";

/** A plan as lines to read: the world, what is done to whom and when, and what clients call. */
export function scheduleLines(plan: Plan): readonly string[] {
  const { members, actions, calls, fireMs } = plan;
  return [
    `${members.length === 1 ? "1 member" : `${members.length} members`} for ${fireMs} ms, then calm; ${worldWords(plan.world)}`,
    ...actions.toSorted((one, other) => one.atMs - other.atMs).map(actionLine),
    ...calls.map(callLine),
  ];
}

function worldWords(world: World): string {
  const words = [
    `messages take ${world.delayMs.join(" to ")} ms${world.isOrdered ? " in order" : ""}`,
    `writes ${world.diskMs.join(" to ")} ms`,
    ...(world.loss === 0 ? [] : [`${share(world.loss)} of the messages lost`]),
    ...(world.repeat === 0 ? [] : [`${share(world.repeat)} repeated`]),
    ...(world.lostReads === 0 ? [] : [`${share(world.lostReads)} of the reads of storage lost`]),
    ...(world.batchMs === 0 ? [] : [`steps gather up to ${world.batchMs} ms`]),
  ];
  return words.join(", ");
}

function share(perMille: number): string {
  return `${perMille / 10} %`;
}

function actionLine({ atMs, lastsMs, target, fault }: Action): string {
  const { what, note } = faultWords(fault, who(target));
  const lasts =
    fault.kind === "jump" || fault.kind === "flip" || fault.kind === "falseHint" ? "" : ` for ${lastsMs} ms`;
  return `at ${atMs} ms: ${what}${lasts}${note === undefined ? "" : ` (${note})`}`;
}

function who(target: Target): string {
  if (target === "leader") return "the leader";
  return target === "follower" || target === "any" ? `some ${target === "any" ? "member" : target}` : target;
}

function callLine({ client, afterMs, call }: PlannedCall): string {
  return `client ${client}, ${afterMs} ms after its last answer: ${JSON.stringify(call)}`;
}

function faultWords(fault: Fault, target: string): { readonly what: string; readonly note?: string } {
  switch (fault.kind) {
    case "crash":
      return { what: `crash ${target}`, note: fault.hint ? "the others see its links break" : "nobody is told" };
    case "powerCut":
      return { what: "crash everyone at once" };
    case "pause":
      return { what: `pause ${target}` };
    case "jump":
      return { what: `let the clock of ${target} leap ${fault.ms} ms ahead` };
    case "isolate":
      return { what: `isolate ${target}`, note: fault.hint ? "everyone sees its links break" : "nobody is told" };
    case "split":
      return { what: `cut ${target} and ${fault.count} more from the rest` };
    case "deaf":
      return { what: `let ${target} hear nobody` };
    case "mute":
      return { what: `let nobody hear ${target}` };
    case "bridge":
      return { what: `cut two halves apart that meet in ${target} alone` };
    case "chain":
      return { what: "leave each member linked with its neighbours alone" };
    case "cut":
      return { what: `cut a link of ${target}`, note: fault.oneWay ? "one way" : "both ways" };
    case "flap":
      return { what: `let the links of ${target} come and go every ${fault.everyMs} ms` };
    case "slow":
      return { what: `delay the links of ${target} by ${fault.ms} ms` };
    case "clog":
      return { what: `hold back all that ${target} and ${fault.count} more are sent` };
    case "slowDisk":
      return { what: `let writes of ${target} take ${fault.ms} ms more` };
    case "stuckDisk":
      return { what: `let no write of ${target} end` };
    case "fullDisk":
      return { what: `fill the disk of ${target}` };
    case "flip":
      return { what: `flip a bit on the disk of ${target}` };
    case "falseHint":
      return { what: `tell ${target} that a link ${fault.up ? "came" : "broke"}`, note: "true or not" };
    case "restart":
      return { what: `restart ${target} with other limits` };
    case "act":
      return { what: `${fault.name} ${target}` };
    default:
      return unreachable(fault);
  }
}
